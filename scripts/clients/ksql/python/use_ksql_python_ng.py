"""ksql-python-ng 0.29.0.1, with queries over HTTP/1.1 and HTTP/2. Usage: use_ksql_python_ng.py URL"""
import json
import os
import sys
import tempfile

from ksql import KSQLAPI
from ksql.upload import FileUpload
from ksql.utils import drop_all_streams, get_all_streams, get_stream_info

from story import CHANGES, queries, refused, row, same, statements, until

url = sys.argv[1]
client = KSQLAPI(url)


def change_of(chunk, use_http2):
    """The columns of a row: a line, or an element of an array as it comes."""
    if use_http2:
        return json.loads(chunk)
    read = json.loads(chunk.strip("[],\n"))["row"]
    return row(read["columns"]) if read.get("tombstone") else read["columns"]


def tell(prefix, use_http2):
    sql = statements(prefix)
    for name in "stream", "table":
        same(name, client.ksql(sql[name])[0]["commandStatus"]["status"], "SUCCESS")
    made = queries(url)
    rows = client.query(sql["watch"], use_http2=use_http2)
    head = next(rows)
    push = json.loads(head)["queryId"] if use_http2 else json.loads(head.strip("[,\n"))["header"]["queryId"]
    for k, v, change in CHANGES:
        same("inserts_stream", client.inserts_stream(prefix + "_IN", [{"K": k, "V": v}]), [{"status": "ok", "seq": 0}])
        same("change", change_of(next(rows), use_http2), row(change))
    same("close_query", client.close_query(push), True)
    same("what comes after the end", [r for r in rows if "row" in r or use_http2], [])
    until("the end of the push query", lambda: queries(url) == made)


    def ask(query):
        if use_http2:
            return sorted(list(r.values()) for r in client.query(query, use_http2=True, parse=True))
        return sorted(r["row"]["columns"] for r in json.loads("".join(client.query(query)))[1:])

    same("all rows", ask(sql["all"]), [["b", 2], ["c", 5]])
    same("a row", ask(sql["one"]), [["b", 2]])
    same("the row that has gone", ask(sql["none"]), [])
    same("TERMINATE", client.ksql(f"TERMINATE {made[0]};")[0]["commandStatus"]["status"], "SUCCESS")
    for name in "drop table", "drop stream":
        client.ksql(sql[name])


tell("PNG1", False)
tell("PNG2", True)

client.ksql("CREATE STREAM png_words (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='png', VALUE_FORMAT='JSON', PARTITIONS=1);")
client.create_stream("png_made", ["K STRING KEY", "V BIGINT"], "png")
client.create_stream_as("png_many", ["K", "V"], "png_made", conditions="V > 1", partitions=1)
same("create_table", refused("create_table", lambda: client.create_table("png_table", ["K STRING PRIMARY KEY"], "png", "json", "K")).error_code, 40001)
same("streams", sorted(get_all_streams(client, "png")), ["PNG_MADE", "PNG_MANY", "PNG_WORDS"])
same("fields", [f["name"] for f in get_stream_info(client, "png_many")["fields"]], ["K", "V"])
same("INSERT", client.ksql("INSERT INTO png_words (K, V) VALUES ('a', 2);"), [])
until("the row", lambda: [r for r in client.query("SELECT K, V FROM png_many;", use_http2=True, parse=True)] == [{"K": "a", "V": 2}])
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "rules.ksql")
    with open(path, "w") as out:
        out.write("CREATE STREAM png_file\n AS SELECT * FROM png_words;\nDROP STREAM png_file;\n")
    same("upload", [a[0]["commandStatus"]["status"] for a in FileUpload(url).upload(path)], ["SUCCESS", "SUCCESS"])
same("a wrong statement", refused("DROP", lambda: client.ksql("DROP STREAM NOWHERE;")).error_code, 40001)
same("a wrong query", type(refused("SELECT", lambda: list(client.query("SELECT * FROM NOWHERE;", use_http2=True)))), ValueError)
drop_all_streams(client, "png")
same("at the end", (get_all_streams(client, "png"), queries(url)), ([], []))
print("ksql-python-ng: ok")
