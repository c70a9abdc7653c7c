"""ksqldb-client 0.28.2a2, whose answers come whole. Usage: use_ksqldb_client.py URL"""
import sys
import threading
import warnings

from ksqldb_client import KSqlDBClient
from ksqldb_client.exceptions import APIError
from ksqldb_client.testing.parse import query_response_to_pandas

from story import CHANGES, queries, refused, same, statements, until

warnings.simplefilter("ignore", DeprecationWarning)  # it calls /query old
url = sys.argv[1]
client = KSqlDBClient(url)
sql = statements("PC")


def streams():
    return [s.name for s in client.ksql("LIST STREAMS;")[0].streams if s.name.startswith("PC")]


each = {"cache.max.bytes.buffering": "0"}  # else changes of one commit may become one
made = [client.ksql(sql[name], stream_properties=each)[0] for name in ("stream", "table")]
same("created", [m.command_status.status for m in made], ["SUCCESS", "SUCCESS"])
same("status", client.status(made[1].command_id).query_id, made[1].command_status.query_id)
same("status without a query", type(refused("status", lambda: client.status(made[0].command_id))).__name__, "ValidationError")  # wants an id
same("streams", streams(), ["PC_IN"])
same("queries", [q.id for q in client.ksql("LIST QUERIES;")[0].queries if q.sinks == ("PC_SUM",)], [made[1].command_status.query_id])

# An answer comes when the query has ended: LIMIT ends it.
before = queries(url)
answers = []
limited = sql["watch"].replace(";", f" LIMIT {len(CHANGES)};")
watch = threading.Thread(target=lambda: answers.append(client.query(limited, stream_properties={"auto.offset.reset": "earliest", **each})), daemon=True)
watch.start()
until("the push query", lambda: len(queries(url)) > len(before))
other = KSqlDBClient(url)
# It wants each query to have one sink, and one that is watched has none.
same("LIST QUERIES with a push query", type(refused("LIST QUERIES", lambda: other.ksql("LIST QUERIES;"))).__name__, "ValidationError")
for k, v, _ in CHANGES:
    same("INSERT", len(other.ksql(f"INSERT INTO PC_IN (K, V) VALUES ('{k}', {v});").root), 0)
watch.join(60)
head, *rows, final = answers[0]
same("columns", head.header.schema_, "`K` STRING, `TOTAL` BIGINT")
same("changes", [(list(r.row.columns), bool(r.row.tombstone)) for r in rows], [(c, c[-1] is None) for _, _, c in CHANGES])
same("final message", final.final_message, "Limit Reached")


def ask(query):
    return sorted(list(r.row.columns) for r in client.query(query).root[1:])


same("all rows", ask(sql["all"]), [["b", 2], ["c", 5]])
same("a row", ask(sql["one"]), [["b", 2]])
same("the row that has gone", ask(sql["none"]), [])
same("a frame", query_response_to_pandas(client.query(sql["one"])).to_dict("records"), [{"k": "b", "total": 2}])
same("query_stream", type(refused("query_stream", lambda: client.query_stream(sql["all"]))).__name__, "JSONDecodeError")  # it takes lines for one object
same("close_query", type(refused("close_query", lambda: client.close_query(query_id="nothing"))), APIError)
same("info", client.info().ksql_server_info.server_status, "RUNNING")
same("a wrong statement", type(refused("DROP", lambda: client.ksql("DROP STREAM NOWHERE;"))), APIError)
same("TERMINATE", client.ksql(f"TERMINATE {made[1].command_status.query_id};")[0].command_status.status, "SUCCESS")
for name in "drop table", "drop stream":
    client.ksql(sql[name])
same("at the end", streams(), [])
print("ksqldb-client: ok")
