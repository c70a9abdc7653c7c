"""What every client of ksqlDB's for Python is asked to do, with exact answers."""
import json
import time
import urllib.request


def same(what, found, expected):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


def refused(what, act):
    """The error of an act that has to fail."""
    try:
        answer = act()
    except Exception as error:
        return error
    raise AssertionError(f"{what}: expected a refusal, found {answer!r}")


def until(what, condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"{what}: not within a minute"
        time.sleep(0.02)


# The changes of a table, one row of which goes: what is inserted, and what a push query tells then.
CHANGES = [("a", 1, ["a", 1]), ("b", 2, ["b", 2]), ("a", 200, ["a", None]), ("c", 5, ["c", 5])]


def statements(prefix):
    """Those that make a stream and a table of sums below 100, and those that ask."""
    return {
        "stream": f"CREATE STREAM {prefix}_IN (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='{prefix}_IN', VALUE_FORMAT='JSON', PARTITIONS=1);",
        "table": f"CREATE TABLE {prefix}_SUM AS SELECT K, SUM(V) AS TOTAL FROM {prefix}_IN GROUP BY K HAVING SUM(V) < 100 EMIT CHANGES;",
        "watch": f"SELECT K, TOTAL FROM {prefix}_SUM EMIT CHANGES;",
        "all": f"SELECT K, TOTAL FROM {prefix}_SUM;",
        "one": f"SELECT K, TOTAL FROM {prefix}_SUM WHERE K = 'b';",
        "none": f"SELECT K, TOTAL FROM {prefix}_SUM WHERE K = 'a';",
        "drop table": f"DROP TABLE {prefix}_SUM DELETE TOPIC;",
        "drop stream": f"DROP STREAM {prefix}_IN DELETE TOPIC;",
    }


def row(change):
    """A row of the short form, whose tombstone says so behind its last column."""
    return change + [{"tombstone": True}] if change[-1] is None else change


def queries(url):
    """The ids of all queries, asked for without a client."""
    request = urllib.request.Request(url + "/ksql", json.dumps({"ksql": "LIST QUERIES;"}).encode())
    with urllib.request.urlopen(request) as answer:
        return [query["id"] for query in json.load(answer)[0]["queries"]]
