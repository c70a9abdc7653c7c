"""ksqldb 1.0.1: statements over HTTP/1.1, rows and inserts over HTTP/2. Usage: use_ksqldb.py URL"""
import asyncio
import sys

from ksqldb import KSQLdbClient

from story import CHANGES, queries, refused, row, same, statements, until

url = sys.argv[1]
client = KSQLdbClient(url)
sql = statements("PK")


async def watch():
    """The table while one of its rows comes, changes and goes."""
    rows = client.query_async(sql["watch"], timeout=60)
    head = await anext(rows)
    same("columns", (head["columnNames"], head["columnTypes"]), (["K", "TOTAL"], ["STRING", "BIGINT"]))
    for k, v, change in CHANGES:
        same("inserts_stream", client.inserts_stream("PK_IN", [{"K": k, "V": v}]), [{"status": "ok", "seq": 0}])
        same("change", await anext(rows), row(change))
    same("close_query", client.close_query(head["queryId"]), True)
    same("what comes after the end", [r async for r in rows], [])
    until("the end of the push query", lambda: head["queryId"] not in queries(url))


def rows(query):
    return sorted(client.query_sync(query)[1:])


for name in "stream", "table":
    same(name, client.ksql(sql[name])[0]["commandStatus"]["status"], "SUCCESS")
streams, tables = client.ksql("LIST STREAMS; LIST TABLES;")
same("streams", [s["name"] for s in streams["streams"] if s["name"].startswith("PK")], ["PK_IN"])
same("tables", [t["name"] for t in tables["tables"]], ["PK_SUM"])
asyncio.run(watch())
same("all rows", rows(sql["all"]), [["b", 2], ["c", 5]])
same("a row", rows(sql["one"]), [["b", 2]])
same("the row that has gone", rows(sql["none"]), [])
same("a setting", [p["value"] for p in client.get_properties() if p["name"] == "ksql.service.id"], ["default_"])
same("many rows", [a["seq"] for a in client.inserts_stream("PK_IN", [{"K": "d", "V": n} for n in range(300)])], list(range(300)))
same("a wrong statement", refused("DROP", lambda: client.ksql("DROP STREAM NOWHERE;")).response.json()["error_code"], 40001)
same("a wrong query", client.query_sync("SELECT * FROM NOWHERE;")[0]["error_code"], 40001)  # given as if it were the columns
same("with a password", type(refused("a password", lambda: KSQLdbClient(url, "user", "password"))), TypeError)  # its own fault

query = [q["id"] for q in client.ksql("LIST QUERIES;")[0]["queries"] if q["sinks"] == ["PK_SUM"]]
same("TERMINATE", client.ksql(f"TERMINATE {query[0]};")[0]["commandStatus"]["status"], "SUCCESS")
for name in "drop table", "drop stream":
    client.ksql(sql[name])
same("at the end", [s["name"] for s in client.ksql("LIST STREAMS;")[0]["streams"] if s["name"].startswith("PK")], [])
print("ksqldb: ok")
