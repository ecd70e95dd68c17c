"""Policies, servers, and contracts side by side."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest
from contract_documents import HEAD, ID, TABLE, assert_faults, column, custom, document, read

from etl.contract import hints, load, load_all, loads, route
from etl.contract.expressions import EACH, Path
from etl.contract.model import Limit, Policies, Server
from etl.errors import ContractError

ENV = {"ORDERS_BUCKET": "shop-bucket"}


@pytest.mark.parametrize(
    ("name", "value", "policies"),
    [
        ("quarantineGrain", "row", Policies(quarantine_grain="row")),
        ("emptyRecords", "allow", Policies(empty_records="allow")),
        ("unknownFields", "reject", Policies(unknown_fields="reject")),
        ("maxQuarantined", "20 percent", Policies(max_quarantined=Limit(Decimal(20), "percent"))),
        ("maxQuarantined", "0.5 percent", Policies(max_quarantined=Limit(Decimal("0.5"), "percent"))),
        ("maxQuarantined", "100 records", Policies(max_quarantined=Limit(Decimal(100), "records"))),
        ("records", "$.export['all orders'][*]", Policies(records=Path(("export", "all orders", EACH)))),
        ("lineageColumns", "false", Policies(lineage_columns=False)),
        ("somebodyElses", "{any: thing}", Policies()),
        ("quarantineGrains", "row", Policies()),
    ],
)
def test_policies(name, value, policies):
    assert read(custom(name, value)).policies == policies


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            custom("quarantineGrains", "row"),
            ["11:15: 'quarantineGrains' steers nothing here; did you mean 'quarantineGrain'?"],
        ),
        (
            custom("max_quarantined", "1"),
            ["11:15: 'max_quarantined' steers nothing here; did you mean 'maxQuarantined'?"],
        ),
        (custom("maxQuarantined", "1"), []),
        (custom("costCentre", "1"), []),
        (
            column("logicalType: string\nprimaryKeyPosition: 1"),
            ["12:9: primaryKeyPosition means nothing without primaryKey: true"],
        ),
        (column("logicalType: string\npartitioned: true\npartitionKeyPosition: 1"), []),
        ("{", []),
        ("- a", []),
    ],
)
def test_hints(text, expected):
    assert [f"{hint.line}:{hint.column}: {hint.message}" for hint in hints(text)] == expected


OTHER = "server: dashboard, type: custom"


def servers(*entries: str, name: str = "shop") -> str:
    """A contract with these servers, one flow mapping each."""
    return (
        HEAD.replace("shop", name)
        + TABLE
        + ID
        + "servers:\n"
        + "".join(f"  - {{{entry}}}\n" for entry in entries or [OTHER])
    )


S3 = "type: s3, location: 's3://${ORDERS_BUCKET}"


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        (f"server: incoming, {S3}/in/'", Server("incoming", "s3://shop-bucket/in/")),
        (f"server: incoming, {S3}/in', delimiter: array", Server("incoming", "s3://shop-bucket/in/")),
        (f"server: incoming, {S3}'", Server("incoming", "s3://shop-bucket/")),
        (f"server: datalake, {S3}/lake/{{model}}/**/*.parquet'", Server("datalake", "s3://shop-bucket/lake/")),
        (f"server: datalake, {S3}/lake'", Server("datalake", "s3://shop-bucket/lake/")),
        ("server: quarantine, type: local, format: json, path: ./bad", Server("quarantine", "./bad/")),
        ("server: datalake, type: local, format: json, path: 'out/{model}/'", Server("datalake", "out/")),
    ],
)
def test_servers(entry, server):
    assert read(servers(entry), ENV).servers == {server.name: server}


def test_a_server_whose_variable_is_not_set_is_left_out():
    contract = read(
        servers(f"server: incoming, {S3}/in/'", "server: quarantine, type: local, format: json, path: q"), {}
    )
    assert list(contract.servers) == ["quarantine"]


@pytest.mark.parametrize("env", [ENV, {}])
def test_the_delimiter_is_known_wherever_uploads_arrive(env):
    assert read(servers(f"server: incoming, {S3}/in', delimiter: array"), env).delimiter == "array"
    assert read(servers(f"server: incoming, {S3}/in'"), env).delimiter is None


def test_servers_of_other_names_belong_to_other_tools():
    assert not read(servers("server: warehouse, type: snowflake, account: a, database: b, schema: c")).servers


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("server: incoming, type: «kafka, host: h", "incoming is of type s3 or local here, found kafka"),
        ("server: incoming, type: s3, location: «'s3://${BUCKET}/in/'", "only ${ORDERS_...} is expanded"),
        ("server: incoming, type: s3, location: «'s3://$ORDERS_BUCKET/in/'", "only ${ORDERS_...} is expanded"),
        ("server: incoming, type: s3, location: «'s3://${ORDERS_BUCKET/in/'", "only ${ORDERS_...} is expanded"),
        ("server: incoming, type: s3, location: «/in/", "s3://bucket/folder/ is expected"),
        ("server: incoming, type: s3, location: «'s3://My_Bucket/in/'", "s3://bucket/folder/ is expected"),
        ("server: incoming, type: s3, location: «'s3://bucket/in/*.json'", "a folder is expected, found '*'"),
        ("server: quarantine, type: s3, location: «'s3://bucket/{model}/'", "a folder is expected, found '{'"),
        ("server: datalake, type: s3, location: «'s3://bucket/*/{model}/'", "found '*' before {model}"),
        ("server: incoming, type: local, format: json, path: «''", "a folder is expected, found nothing"),
        ("server: incoming, type: s3, location: 's3://bucket/in/', delimiter: «newline", "did you mean 'new_line'?"),
        (
            "server: incoming, type: local, format: json, path: in, «delimiter: array",
            "'delimiter' does not belong here",
        ),
    ],
)
def test_faulty_servers(entry, message):
    assert_faults(servers(entry), message, env=ENV)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [
                f"server: incoming, {S3}/in/'",
                "server: datalake, type: s3, location: «'s3://shop-bucket/in/lake/{model}'",
            ],
            "datalake s3://shop-bucket/in/lake/ lies under incoming s3://shop-bucket/in/: each run would start another",
        ),
        (
            [
                "server: incoming, type: local, format: json, path: in",
                "server: quarantine, type: local, format: json, path: «x/../in/q",
            ],
            "quarantine x/../in/q/ lies under incoming in/",
        ),
        (
            [
                f"server: datalake, {S3}/out/{{model}}/'",
                f"server: quarantine, type: s3, location: «'s3://{'shop-bucket'}/out'",
            ],
            "datalake and quarantine are the same folder",
        ),
        (
            [f"server: incoming, {S3}/in/'", "server: «incoming, type: s3, location: 's3://bucket/in/'"],
            "there are two servers 'incoming'",
        ),
    ],
)
def test_servers_in_each_others_way(entries, message):
    assert_faults(servers(*entries), message, env=ENV)


def test_folders_with_a_common_beginning_are_apart():
    entries = [
        f"server: incoming, {S3}/orders'",
        f"server: datalake, {S3}/orders_lake/'",
        f"server: quarantine, {S3}/orders_bad'",
    ]
    assert len(read(servers(*entries), ENV).servers) == 3


def write(folder: os.PathLike[str], **contracts: str) -> None:
    for name, text in contracts.items():
        with open(os.path.join(folder, f"{name}.odcs.yaml"), "w", encoding="utf-8") as file:
            file.write(text)


def local(server: str, path: str) -> str:
    return f"server: {server}, type: local, format: json, path: '{path}'"


def test_load_all_reads_every_contract_by_file_name(tmp_path):
    write(tmp_path, b=servers(name="two"), a=servers(name="one"))
    (tmp_path / "notes.yaml").write_text("not: a contract")
    assert [contract.name for contract in load_all(tmp_path)] == ["one", "two"]
    assert load_all(tmp_path)[0] == load(tmp_path / "a.odcs.yaml")


def test_load_all_gives_the_faults_of_all_files(tmp_path):
    write(tmp_path, a="- x", b=servers(name="ok"), c="id: [")
    with pytest.raises(ContractError) as raised:
        load_all(tmp_path)
    assert [os.path.basename(fault.file)[0] for fault in raised.value.faults] == ["a", "c"]


def test_load_all_of_no_folder(tmp_path):
    with pytest.raises(ContractError, match="1:1: can't be read: no such file or directory"):
        load_all(tmp_path / "none")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (servers(), servers(), "b.odcs.yaml:3:5: there is a contract 'shop' already, in "),
        (
            servers(local("incoming", "in"), name="one"),
            servers(local("incoming", "./in/"), name="two"),
            "b.odcs.yaml:11:57: uploads at ./in/ have a contract already, in ",
        ),
        (
            servers(local("incoming", "in"), name="one"),
            servers(local("quarantine", "in/bad"), name="two"),
            "b.odcs.yaml:11:59: quarantine in/bad/ lies under incoming of ",
        ),
        (
            servers(local("datalake", "in/lake"), name="one"),
            servers(local("incoming", "in"), name="two"),
            "a.odcs.yaml:11:57: datalake in/lake/ lies under incoming of ",
        ),
        (
            servers(local("datalake", "lake"), name="one"),
            servers(local("datalake", "./lake/"), name="two"),
            "b.odcs.yaml:11:57: the table 't' of ",
        ),
    ],
)
def test_contracts_in_each_others_way(tmp_path, first, second, message):
    write(tmp_path, a=first, b=second)
    with pytest.raises(ContractError) as raised:
        load_all(tmp_path)
    (fault,) = raised.value.faults
    assert message in str(fault)


def test_a_contract_may_arrive_below_another(tmp_path):
    write(tmp_path, a=servers(local("incoming", "in"), name="one"), b=servers(local("incoming", "in/two"), name="two"))
    assert len(load_all(tmp_path)) == 2


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("s3://bucket/orders/2024/a.json", "orders"),
        ("s3://bucket/orders/market/a.json", "market"),
        ("s3://bucket/orders_old/a.json", None),
        ("s3://bucket-2/orders/a.json", None),
        ("inbox/a.json", "files"),
        ("./x/../inbox/deep/a.json", "files"),
        (os.path.abspath("inbox/a.json"), "files"),
        ("inbox2/a.json", None),
        ("a.json", None),
    ],
)
def test_route(location, name):
    contracts = [
        loads(servers("server: incoming, type: s3, location: 's3://bucket/orders/'", name="orders")),
        loads(servers("server: incoming, type: s3, location: 's3://bucket/orders/market/'", name="market")),
        loads(servers(local("incoming", "inbox"), name="files")),
        loads(servers(name="nowhere")),
    ]
    found = route(location, contracts)
    assert (found and found.name) == name


def test_the_contract_itself():
    text = document("name: my-shop\nstatus: active\ndescription: {purpose: why}\ntags: [a]\n")
    contract = read(text)
    assert (contract.id, contract.name, contract.version, contract.status) == ("shop", "my-shop", "1", "active")
    assert (contract.file, contract.description) == ("c.yaml", "why")
    assert contract.digest == read("# a comment\n" + text.replace("[a]", "\n  - 'a'")).digest
    assert contract.digest != read(text.replace("[a]", "[b]")).digest


def test_what_other_tools_own_is_passed_over():
    contract = read(
        document(
            """\
            domain: sales
            tenant: shop
            context: {instructions: be kind}
            team: {name: t, members: [{username: a, dateIn: 2024-01-01}]}
            roles: [{role: reader}]
            support: [{channel: c}]
            price: {priceAmount: 9.95, priceCurrency: BRL}
            slaProperties: [{property: latency, value: 4, unit: d}]
            authoritativeDefinitions: [{url: u, type: t}]
            contractCreatedTs: 2024-01-01T00:00:00Z
            """
        )
    )
    assert contract.tables[0].name == "t"
