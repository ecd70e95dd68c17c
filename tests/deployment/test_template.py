"""The section of the template: what it says, that it is in step with the contracts, and the command that writes it."""

import errno
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from etl import contract as contracts
from etl import deployment
from etl.cli.app import app
from etl.deployment.cloudformation import Ref, Sub, dump
from etl.deployment.template import BEGIN, END
from etl.errors import UsageError
from tests.deployment.documents import ROOT, TEMPLATE, document, load, parsed, resources

EMPTY = "Resources:\n  Bucket: {Type: AWS::S3::Bucket, Properties: {}}\n\n" + BEGIN + END + "\nOutputs: {}\n"
WRITTEN = TEMPLATE.read_text(encoding="utf-8")


def written(folder: Path, *texts: str) -> str:
    loaded = load(folder, *texts)
    assert deployment.faults(loaded) == []
    return deployment.rewritten(EMPTY, loaded, "template.yaml")


def one_table(text: str) -> dict:
    (table,) = resources("AWS::Glue::Table", text).values()
    return table["TableInput"]


def etl_template(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["template", *map(str, arguments)])
    return result.exit_code, result.output


# The template of this repository.


def test_the_template_is_in_step_with_the_contracts():
    known = contracts.load_all(ROOT / "contracts", deployment.ENVIRONMENT)
    assert deployment.faults(known) == []
    assert deployment.rewritten(WRITTEN, known, "template.yaml") == WRITTEN, "run: etl template"


def test_every_table_of_every_contract_is_there():
    known = contracts.load_all(ROOT / "contracts", deployment.ENVIRONMENT)
    names = [table["TableInput"]["Name"] for table in resources("AWS::Glue::Table").values()]
    assert len(names) == len(set(names)) == sum(len(contract.tables) for contract in known)
    assert {"orders", "marketplace_orders", "marketplace_order_items"} <= set(names)


@pytest.mark.parametrize("prefix", deployment.PREFIXES.values())
def test_the_role_may_touch_what_contracts_may_name(prefix):
    assert f":s3:::${{BucketName}}/{prefix}*" in WRITTEN


def test_the_notification_watches_where_uploads_may_arrive():
    (bucket,) = resources("AWS::S3::Bucket").values()
    (queue,) = bucket["NotificationConfiguration"]["QueueConfigurations"]
    (rule,) = queue["Filter"]["S3Key"]["Rules"]
    assert rule == {"Name": "prefix", "Value": deployment.PREFIXES["incoming"]}


def test_alarms_look_where_the_function_writes_its_metrics():
    (function,) = resources("AWS::Serverless::Function").values()
    namespace = function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    alarms = [
        alarm for alarm in resources("AWS::CloudWatch::Alarm").values() if alarm["MetricName"] == "QuarantinedPercent"
    ]
    assert {alarm["Namespace"] for alarm in alarms} == {namespace}
    assert {alarm["MetricName"] for alarm in alarms} == {"QuarantinedPercent"}
    names = {path.name.split(".")[0] for path in (ROOT / "contracts").glob("*.odcs.yaml")}
    assert {dimension["Value"] for alarm in alarms for dimension in alarm["Dimensions"]} == names


def test_what_the_section_refers_to_is_there():
    section = WRITTEN[WRITTEN.index(BEGIN) : WRITTEN.index(END)]
    named = {*re.findall(r"!Ref ([A-Za-z]+)\b(?!:)", section), *re.findall(r"\$\{([A-Za-z]+)\}", section)}
    template = parsed(WRITTEN)
    assert named == {"DatabaseName", "LakeDatabase", "BucketName", "QuarantinedPercent", "Topic"}
    assert named <= template["Parameters"].keys() | template["Resources"].keys()


# What the section says.


def test_a_table(tmp_path):
    parquet = "org.apache.hadoop.hive.ql.io.parquet"
    more = "description: {purpose: Orders of a shop.}\ncustomProperties: [{property: lineageColumns, value: false}]\n"
    assert one_table(written(tmp_path, document(more=more))) == {
        "Name": "shop_t",
        "Description": "Orders of a shop.",
        "Owner": "etl",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "contract_name": "shop",
            "contract_version": "1",
        },
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Location": "s3://orders/orders_parquet_datalake/shop/t/",
            "InputFormat": f"{parquet}.MapredParquetInputFormat",
            "OutputFormat": f"{parquet}.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": f"{parquet}.serde.ParquetHiveSerDe",
                "Parameters": {"serialization.format": "1"},
            },
            "Columns": [{"Name": "id", "Type": "bigint"}],
        },
    }


def test_columns_are_those_of_the_files(tmp_path):
    columns = """\
      - {name: Day, logicalType: date, required: true, partitioned: true, description: Of the order.}
      - {name: Note, logicalType: string, description: "Two\\nlines."}
      - {name: at, logicalType: time}
"""
    text = written(tmp_path, document() + columns)
    table = one_table(text)
    assert [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("note", "string"),
        ("_record_id", "string"),
        ("_upload", "string"),
        ("_contract_version", "string"),
    ]
    assert table["StorageDescriptor"]["Columns"][1]["Comment"] == "Two lines."
    (key,) = table["PartitionKeys"]
    assert key == {
        "Name": "day",
        "Type": "date",
        "Comment": "Of the order. Athena sees 1970-01-01 to ten years from now.",
    }
    template = "s3://${BucketName}/orders_parquet_datalake/shop/t/Day=${!day}/"
    assert f"storage.location.template: !Sub {template}\n" in text
    assert "  # at is left out: Glue has no type for a time of day.\n  ShopTTable:\n" in text


def test_comments_are_as_long_as_glue_takes_them(tmp_path):
    long = "word " * 600
    column = f"      - {{name: a, logicalType: timestamp, description: {long}}}\n"
    table = one_table(written(tmp_path, document(more=f"description: {{purpose: {long}}}\n") + column))
    comment = table["StorageDescriptor"]["Columns"][1]["Comment"]
    assert comment.endswith("word ... Athena reads it to the millisecond.")
    assert 245 < len(comment) <= 255
    assert 2000 < len(table["Description"]) <= 2048


@pytest.mark.parametrize(
    ("contract", "table", "name", "logical_id"),
    [
        ("orders", "orders", "orders", "OrdersTable"),
        ("Orders", "orders", "orders", "OrdersTable"),
        ("my-shop", "my_shop", "my_shop", "MyShopTable"),
        ("market", "order_items", "market_order_items", "MarketOrderItemsTable"),
        ("my-shop", "Lines", "my_shop_lines", "MyShopLinesTable"),
    ],
)
def test_names(contract, table, name, logical_id, tmp_path):
    text = written(tmp_path, document(contract, table))
    assert list(resources("AWS::Glue::Table", text)) == [logical_id]
    assert one_table(text)["Name"] == name


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=30), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_every_text_is_yaml_that_says_the_same(text, name):
    assert parsed(dump({"A": {"Comment": text, "List": [text, name], "Sub": Sub(name)}})) == {
        "A": {"Comment": text, "List": [text, name], "Sub": name}
    }


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("true", 'a: "true"'),
        ("1", 'a: "1"'),
        ("1.0.0", "a: 1.0.0"),
        ("it's", "a: it's"),
        (Ref("AWS::AccountId"), "a: !Ref AWS::AccountId"),
        (Sub("s3://${BucketName}/t/d=${!d}/"), "a: !Sub s3://${BucketName}/t/d=${!d}/"),
        (Sub("s3://${BucketName}/a # b/"), 'a: !Sub "s3://${BucketName}/a # b/"'),
        ([Ref("Topic")], "a: [!Ref Topic]"),
        ([{"b": 1}], "a:\n  - b: 1"),
        ("word " * 20 + "end", "a: >-\n  " + "word " * 20 + "end"),
    ],
)
def test_yaml_is_as_one_would_write_it(value, line):
    assert dump({"a": value}) == line + "\n"


# Its place in the template.


def test_only_the_section_changes(tmp_path):
    first = written(tmp_path, document("a"))
    second = deployment.rewritten(first, load(tmp_path, document("b")), "template.yaml")
    assert second == written(tmp_path, document("b"))
    for text in (first, second):
        assert text.startswith(EMPTY[: EMPTY.index(BEGIN)] + BEGIN)
        assert text.endswith(END + "\nOutputs: {}\n")


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END, BEGIN + END + END])
def test_without_its_place_nothing_is_written(text, tmp_path):
    with pytest.raises(UsageError, match=r"^t\.yaml: the lines '# --- from .* are expected once each"):
        deployment.rewritten(text, load(tmp_path, document()), "t.yaml")


# The command.


def test_the_command_writes_the_section(tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(EMPTY, encoding="utf-8")
    load(tmp_path, document("a"), document("b", "t", "u"))
    code, output = etl_template("--contracts", tmp_path, "--template", template)
    assert (code, output) == (0, f"{template}: 3 tables and 2 alarms, as the contracts in {tmp_path} have them\n")
    assert len(resources("AWS::Glue::Table", template.read_text(encoding="utf-8"))) == 3


def test_what_can_not_be_served_leaves_the_template_as_it_is(tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text(EMPTY, encoding="utf-8")
    load(tmp_path, document(places={"incoming": "s3://elsewhere/"}))
    code, output = etl_template("--contracts", tmp_path, "--template", template)
    assert code == 1
    assert output.startswith(f"{tmp_path}/0.odcs.yaml:8:15: this contract can't run in the function: incoming must lie")
    assert template.read_text(encoding="utf-8") == EMPTY


@pytest.mark.parametrize(
    ("contract", "template", "code", "words"),
    [
        (None, EMPTY, 2, "there is no *.odcs.yaml"),
        ("{", EMPTY, 2, "0.odcs.yaml:2:1: the YAML can't be read"),
        (document(), None, 3, "template.yaml: it can't be read"),
        (document(), "Resources: {}\n", 2, "template.yaml: the lines"),
        (document(), "\udcff", 2, "template.yaml: it is not UTF-8"),
    ],
)
def test_what_can_not_be_done_is_said(contract, template, code, words, tmp_path):
    if contract:
        (tmp_path / "0.odcs.yaml").write_text(contract, encoding="utf-8")
    if template:
        (tmp_path / "template.yaml").write_text(template, encoding="utf-8", errors="surrogateescape")
    found, output = etl_template("--contracts", tmp_path, "--template", tmp_path / "template.yaml")
    assert (found, words in output) == (code, True), output


def test_a_template_that_can_not_be_written(monkeypatch, tmp_path):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    load(tmp_path, document())
    (tmp_path / "template.yaml").write_text(EMPTY, encoding="utf-8")
    monkeypatch.setattr(Path, "write_text", full)
    code, output = etl_template("--contracts", tmp_path, "--template", tmp_path / "template.yaml")
    assert (code, output) == (3, f"etl: {tmp_path}/template.yaml: it can't be written (No space left on device)\n")
