"""The lake on an object store: moto's S3 server, on this machine."""

import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta

import polars as pl
import pytest

from shanshui.platform.store.lake import Lake
from shanshui.platform.store.lake_errors import LakeBusy
from shanshui.standards.errors import ShanshuiError

NINE = datetime(2026, 3, 1, 9)


@pytest.fixture(scope="module")
def options():
    import boto3

    # A process of its own: delta-rs holds Python's lock while it waits for some answers.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="lake")
    yield {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_CONDITIONAL_PUT": "etag",
        "timeout": "20s",
        "max_retries": "1",
    }
    server.terminate()
    server.wait()


def hours(**values):
    return pl.DataFrame(
        {
            "station": ["1001A", "1002A"] * 2,
            "time": [NINE, NINE, *[NINE + timedelta(hours=1)] * 2],
        }
    ).with_columns(**(values or {"pm25": pl.Series([1.0, 2.0, 3.0, 4.0])}))


def test_store_read_review_compact_and_vacuum(options):
    lake = Lake("s3://lake/one", options)
    assert lake.observations().collect().height == 0
    assert lake.store(hours(), source="a").stored == 4
    assert lake.store(hours(), source="a").already == 4
    long = hours(value=7.5, period=3600).with_columns(property=pl.lit("pm25")).head(1)
    assert lake.store(long, source="b", state="reviewed").changed == 1
    assert lake.store(hours(o3=9.0), source="c", transaction="o3").stored == 4
    again = Lake("s3://lake/one/", options)
    assert again.store(hours(o3=9.0), source="c", transaction="o3").repeated
    before = again.observations().collect().sort(pl.all())
    assert before["value"].to_list().count(7.5) == 1
    assert again.observations(as_of=1).collect()["value"].sort().to_list() == [1.0, 2.0, 3.0, 4.0]
    assert again.compact().after == 1  # the revisions; the reviewed hours are in order already
    again.vacuum(timedelta(0))
    assert again.observations().collect().sort(pl.all()).equals(before)
    assert again.latest("1001A", "pm25").collect()["value"].to_list() == [3.0]
    assert again.versions()["action"].to_list() == ["vacuum", "compact", *["store"] * 3]
    with pytest.raises(ShanshuiError, match="object store"):
        again.backup("nowhere")


def test_what_another_machine_wrote_meanwhile_is_not_overwritten(options, monkeypatch):
    """No lock reaches over machines: the store's conditional put refuses the later one."""
    mine, other = Lake("s3://lake/two", options), Lake("s3://lake/two", options)
    mine.store(hours(), source="a")
    commit = type(mine._log).commit

    def overtaken(log, head, changes, *rest, **more):
        if log is mine._log and head.version == 1:
            monkeypatch.setattr(type(mine._log), "commit", commit)
            with monkeypatch.context() as patch:  # the other machine has a lock of its own
                patch.setattr("tempfile.gettempdir", lambda: str(where))
                other.store(hours(so2=1.0), source="other")
        return commit(log, head, changes, *rest, **more)

    from tempfile import TemporaryDirectory

    monkeypatch.setattr(type(mine._log), "commit", overtaken)
    with TemporaryDirectory() as where, pytest.raises(LakeBusy, match="another machine"):
        mine.store(hours(o3=1.0), source="mine")
    got = set(mine.observations().collect()["property"])
    assert got == {"pm25", "so2"}
    assert mine.store(hours(o3=1.0), source="mine").stored == 4
    assert set(mine.observations().collect()["property"]) == {"pm25", "so2", "o3"}


def test_half_a_store_is_seen_by_nobody(options, monkeypatch):
    lake = Lake("s3://lake/three", options)
    lake.store(hours(), source="a")
    with monkeypatch.context() as patch:
        patch.setattr(type(lake._log), "_pin", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            lake.store(hours(pm25=5.0), source="b")
    assert lake.observations().collect()["value"].sort().to_list() == [1.0, 2.0, 3.0, 4.0]
    assert lake.store(hours(pm25=5.0), source="b").changed == 4
    assert lake.revisions().collect().height == 4
