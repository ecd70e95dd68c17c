"""Contracts that the deployment can't serve: every fault at once, each at its place."""

import pytest

from etl import deployment
from etl.errors import StorageError
from tests.deployment.documents import document, load

LAKE = "s3://${ORDERS_BUCKET}/orders_parquet_datalake/"
DATALAKE = "    location: s3://${ORDERS_BUCKET}/orders_parquet_datalake/shop/\n"


def told(folder, *texts: str) -> list[str]:
    """The faults of these contracts, as `<number of the file>:<line>:<column>: <message>`."""
    found = deployment.faults(load(folder, *texts))
    return [
        str(fault).removeprefix(f"{folder}/").replace(".odcs.yaml", "", 1).replace(f"{folder}/", "") for fault in found
    ]


def test_the_contracts_here_can_be_served(tmp_path):
    assert told(tmp_path, document(), document("market", "orders", "items")) == []


@pytest.mark.parametrize(
    ("places", "line"),
    [
        ({"incoming": "s3://orders/orders_json_incoming/"}, 8),
        ({"incoming": "s3://${ORDERS_BUCKET}/incoming/"}, 8),
        ({"incoming": "s3://${ORDERS_BUCKET}/orders_json_incoming2/"}, 8),
        ({"incoming": "s3://x-${ORDERS_BUCKET}/orders_json_incoming/"}, 8),
        ({"incoming": "s3://${ORDERS_INBOX}/orders_json_incoming/"}, 8),
        ({"datalake": "s3://${ORDERS_BUCKET}/lake/{model}/*.parquet"}, 11),
        ({"datalake": "s3://${ORDERS_BUCKET}/orders_parquet_datalake_old/"}, 11),
        ({"quarantine": "s3://${ORDERS_BUCKET}/orders_parquet_datalake/bad/"}, 14),
        ({"quarantine": "s3://${ORDERS_BUCKET}/orders_quarantine/${ORDERS_TEAM}/"}, 14),
    ],
)
def test_servers_that_the_function_can_not_reach(places, line, tmp_path):
    ((server, written),) = places.items()
    assert told(tmp_path, document(places=places)) == [
        f"0:{line}:15: this contract can't run in the function: {server} must lie below "
        f"s3://${{ORDERS_BUCKET}}/{deployment.PREFIXES[server]} there, found {written}"
    ]


def test_local_and_missing_servers(tmp_path):
    local = document().replace("type: s3\n" + DATALAKE, "type: local\n    format: parquet\n    path: out/lake/\n")
    start, end = document().index("  - server: quarantine"), document().index("schema:")
    assert told(tmp_path, local.replace(document()[start:end], "")) == [
        "0:6:3: this contract can't run in the function: quarantine must lie below "
        "s3://${ORDERS_BUCKET}/orders_quarantine/ there, found no such server",
        "0:12:11: this contract can't run in the function: datalake must lie below "
        "s3://${ORDERS_BUCKET}/orders_parquet_datalake/ there, found out/lake/",
    ]


def test_a_contract_without_servers(tmp_path):
    text = document()
    bare = text[: text.index("servers:")] + text[text.index("schema:") :]
    assert [line.split(": ", 1)[0] for line in told(tmp_path, bare)] == ["0:1:1"] * 3


@pytest.mark.parametrize(
    ("texts", "faults"),
    [
        (
            (document("shop", "orders_new"), document("shop-orders", "new")),
            [
                "1:16:11: in Glue this would be shop_orders_new, "
                "one with the table 'orders_new' of 0.odcs.yaml: rename one"
            ],
        ),
        (
            (document("shop", "Orders"), document("shop_orders", "shop_orders")),
            ["1:16:11: in Glue this would be shop_orders, one with the table 'Orders' of 0.odcs.yaml: rename one"],
        ),
        (
            (document("my-shop", "a"), document("my_shop", "b")),
            ["1:3:5: in the template 'my_shop' would be one with the contract of 0.odcs.yaml: rename one"],
        ),
        ((document("shop", "a", "a_b"), document("a", "b")), []),
    ],
)
def test_names_that_are_one_in_glue_or_in_the_template(texts, faults, tmp_path):
    assert told(tmp_path, *texts) == faults


def test_a_table_in_the_folder_of_another(tmp_path):
    inner = document("market", places={"datalake": LAKE + "orders/"})
    assert told(tmp_path, document("shop", "orders", places={"datalake": LAKE}), inner) == [
        "1:16:11: its folder lies in that of the table 'orders' of 0.odcs.yaml, which Athena would read it with: "
        "give one of the contracts another datalake"
    ]


def test_all_faults_of_all_contracts_at_once(tmp_path):
    bad = {"incoming": "s3://elsewhere/in/"}
    texts = (
        document("a", places=bad | {"quarantine": "s3://elsewhere/bad/"}),
        document("b", places={"incoming": "s3://b-b/"}),
    )
    assert [line.split(":", 2)[0] for line in told(tmp_path, *texts)] == ["0", "0", "1"]


def test_a_contract_that_has_gone_meanwhile(tmp_path):
    loaded = load(tmp_path, document())
    (tmp_path / "0.odcs.yaml").unlink()
    with pytest.raises(StorageError, match=r"0\.odcs\.yaml: it can't be read any more"):
        deployment.faults(loaded)
