#!/usr/bin/env bash
# Kafka Connect's JsonConverter (connect-json 4.3.1), schemas enabled, does not read back what it wrote itself: a FLOAT64 NaN or Infinity is
# written as the text "NaN" or "Infinity", and read as 0.0. A map with a null key is written with the key "null" and read with that text. Neither
# is an error or a line in the log.
#
# Who meets it: sensor readings, ratios and statistics that go through Connect as JSON: a sink's table shows a plausible 0 where the source had
# no number. Whoever reads such topics otherwise has to take the texts for numbers.
#
# Guessed before: an error when it is written, as JSON has no such numbers; or that it comes back.
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
cat >Back.java <<'E'
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.json.JsonConverter;

public class Back {
    static void send(Schema schema, Object value) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "true"), false);
        byte[] json = converter.fromConnectData("t", schema, value);
        String text = new String(json);
        Object back = converter.toConnectData("t", json).value();
        System.out.println(value + " is written as " + text.substring(text.indexOf("\"payload\"")) + " and read as " + back + (value.equals(back) ? "" : ", not the same"));
    }

    public static void main(String[] args) {
        send(Schema.FLOAT64_SCHEMA, 1.5);
        send(Schema.FLOAT64_SCHEMA, Double.NaN);
        send(Schema.FLOAT64_SCHEMA, Double.POSITIVE_INFINITY);
        send(Schema.FLOAT32_SCHEMA, Float.NEGATIVE_INFINITY);
        send(SchemaBuilder.map(Schema.OPTIONAL_STRING_SCHEMA, Schema.STRING_SCHEMA).build(), new HashMap<>(Collections.singletonMap(null, "a")));
    }
}
E
javac -cp 'libs/*' Back.java
ls libs | grep connect-json
java -cp 'libs/*:.' Back 2>/dev/null | tee out
diff out - <<'E' || { echo "this has changed"; exit 1; }
1.5 is written as "payload":1.5} and read as 1.5
NaN is written as "payload":"NaN"} and read as 0.0, not the same
Infinity is written as "payload":"Infinity"} and read as 0.0, not the same
-Infinity is written as "payload":"-Infinity"} and read as 0.0, not the same
{null=a} is written as "payload":{"null":"a"}} and read as {null=a}, not the same
E
