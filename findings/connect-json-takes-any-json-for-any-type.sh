#!/usr/bin/env bash
# Kafka Connect's JsonConverter (connect-json 4.3.1) reads JSON that does not fit as something else, without an error. Without schemas an integer
# beyond 64 bits wraps around, and of two documents in one value the second is dropped. With schemas the text "42" for an int32 is 0, "true" for
# a boolean is false, 1.9 for an int64 is 1, 300 for an int8 is 44.
#
# Who meets it: ids of more than 63 bits (hashes, UUIDs as numbers, unsigned counters) that go to a sink as other, even negative ones; producers
# that frame their own "schema" and "payload" and put numbers in quotes. errors.tolerance and a dead-letter topic see none of it.
#
# Guessed before: a DataException, as the converter throws one for a missing required field.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >pom.xml <<'E'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>connect-json</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.3.1</version></dependency>
  </dependencies>
</project>
E
mvn -B -q dependency:copy-dependencies -DoutputDirectory=libs
cat >Read.java <<'E'
import java.util.Map;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;

public class Read {
    static void read(boolean schemas, String json) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", String.valueOf(schemas)), false);
        String result;
        try {
            result = String.valueOf(converter.toConnectData("t", json.getBytes()).value());
        } catch (DataException e) {
            result = "refused";
        }
        System.out.println(json + " -> " + result);
    }

    static void typed(String type, String payload) {
        read(true, "{\"schema\":{\"type\":\"" + type + "\",\"optional\":false},\"payload\":" + payload + "}");
    }

    public static void main(String[] args) {
        read(false, "12345678901234567890");
        read(false, "{\"a\":1} {\"a\":2}");
        typed("int32", "\"42\"");
        typed("boolean", "\"true\"");
        typed("int64", "1.9");
        typed("int8", "300");
        typed("int32", "null");
    }
}
E
javac -cp 'libs/*' Read.java
ls libs | grep connect-json
java -cp 'libs/*:.' Read 2>/dev/null | tee out
diff out - <<'E' || { echo "this has changed"; exit 1; }
12345678901234567890 -> -6101065172474983726
{"a":1} {"a":2} -> {a=1}
{"schema":{"type":"int32","optional":false},"payload":"42"} -> 0
{"schema":{"type":"boolean","optional":false},"payload":"true"} -> false
{"schema":{"type":"int64","optional":false},"payload":1.9} -> 1
{"schema":{"type":"int8","optional":false},"payload":300} -> 44
{"schema":{"type":"int32","optional":false},"payload":null} -> refused
E
