#!/bin/sh
# The main job on the sample, and on every example of a bad upload, into $OUT. Called by `make demo`.
set -u
options="--lake $OUT/orders_parquet_datalake --quarantine $OUT/orders_quarantine"

echo "A good upload: contracts/orders.sample.json"
etl run contracts/orders.sample.json --contract contracts/orders.odcs.yaml $options || exit 1

echo
echo "The marketplace's upload becomes four tables, by YAML alone"
etl run contracts/marketplace.sample.ndjson --contract contracts/marketplace.odcs.yaml \
  --lake $OUT/orders_parquet_datalake/marketplace --quarantine $OUT/orders_quarantine || exit 1

echo
echo "Bad uploads: quarantine_examples/"
for folder in quarantine_examples/*/; do
  contract=contracts/orders.odcs.yaml
  [ -e "$folder/contract.odcs.yaml" ] && contract=$folder/contract.odcs.yaml
  etl run "$folder"upload.* --contract "$contract" $options
  [ $? -le 1 ] || exit 1 # 1: an upload was rejected as a whole, as some of these must be
done

echo
echo "The lake:       $OUT/orders_parquet_datalake/"
echo "The quarantine: $OUT/orders_quarantine/"
[ "$OUT" = out ] && more= || more=" OUT=$OUT"
echo "Look at it, and put it right, in your browser: make review$more"
