// Package s3sink is the sink that writes rows as objects to S3, or to any server that speaks as it does. It is called as Kafka Connect's is, takes
// that one's properties, and names objects as that one does. Each row is in them once.
package s3sink

import (
	"fmt"
	"strings"

	"weir/connectors/connector"
	"weir/connectors/encode"
	"weir/parser/suggest"
)

// The names of properties that are used in several places.
const (
	propBucket      = "s3.bucket.name"
	propFormat      = "format"
	propPartitioner = "partitioner.class"
	propFields      = "partition.field.name"
	propPath        = "path.format"
	propDuration    = "partition.duration.ms"
	propLocale      = "locale"
	propZone        = "timezone"
	propExtractor   = "timestamp.extractor"
	propTimeField   = "timestamp.field"
	propSeparator   = "format.bytearray.separator"
	propExtension   = "format.bytearray.extension"
	propCodec       = "avro.codec"
	propURL         = "store.url"
	propID          = "aws.access.key.id"
	propSecret      = "aws.secret.access.key"
)

const storageClass = "io.confluent.connect.s3.storage.S3Storage"

// Class is the entry of sink class 's3'.
func Class() connector.Class {
	shared := connector.Flush{Rows: "10000", Bytes: "16777216", Interval: "1m"}.SinkProperties()
	for i := range shared {
		if shared[i].Name == connector.PropInterval {
			shared[i].Aliases = []string{"rotate.interval.ms"}
		}
	}
	return connector.Class{
		Name:    "s3",
		Aliases: []string{"io.confluent.connect.s3.S3SinkConnector", "S3SinkConnector"},
		Kind:    connector.Sink,
		Doc: "Writes rows to a bucket of S3, or of a server that speaks as S3 does: an object for each batch of a partition, named as Kafka Connect's sink names them, " +
			"such as topics/clicks/partition=0/clicks+0+0000001000.avro, where the last number is the offset of its first row. After a crash the same object is written again, so each row is in them once. " +
			"Kafka Connect's properties are taken as they are. Rows that a table deletes are left out. An upload in parts that a crash has cut short is left to the bucket's rules to remove.",
		Properties: append([]connector.Property{
			{Name: propBucket, Type: connector.String, Required: true, Doc: "the bucket; it is not made"},
			{Name: "s3.region", Type: connector.String, Default: "us-west-2", Doc: "the region that the bucket is in"},
			{Name: propURL, Aliases: []string{"endpoint"}, Type: connector.String, Doc: "the server, such as http://127.0.0.1:9000. Default: what the environment's AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL says, else Amazon's in that region"},
			{Name: propID, Type: connector.String, Doc: "the id of the key. Default: the environment's AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, then ~/.aws/credentials, then the role of the machine. " +
				"For a connector that was made over the HTTP API, only the environment's WEIR_SECRET_AWS_ACCESS_KEY_ID with WEIR_SECRET_AWS_SECRET_ACCESS_KEY"},
			{Name: propSecret, Type: connector.String, Doc: "the key; best as ${env:NAME} or ${file:PATH}"},
			{Name: "s3.part.size", Type: connector.Integer, Default: "26214400", Min: 5 << 20, Doc: "an object of more bytes is sent in parts of that size"},
			{Name: "topics.dir", Type: connector.String, Default: "topics", Doc: "what the names of objects begin with"},
			{Name: propFormat, Aliases: []string{"format.class"}, Type: connector.String, Default: "avro", Doc: "avro: object container files; json: an object per line, or the values as they are of a topic that no stream or table is over; csv; " +
				"bytes: the records' values as they are. Kafka Connect's classes AvroFormat, JsonFormat and ByteArrayFormat stand for avro, json and bytes"},
			{Name: propCodec, Type: connector.String, Default: "null", Values: []string{"null", "deflate", "snappy", "zstandard"}, Doc: "how blocks of Avro files are compressed"},
			{Name: propSeparator, Type: connector.String, Default: `\n`, Doc: `bytes: what stands between two values of an object; \n, \r and \t are read as in most languages`},
			{Name: propExtension, Type: connector.String, Default: ".bin", Doc: "bytes: what the names of objects end in"},
			{Name: propPartitioner, Type: connector.String, Default: "default", Doc: "default: objects of a partition of the topic stand below partition=0 and so on; field: below NAME=VALUE; time: below what path.format makes of each row's time; " +
				"daily and hourly: below year=2020/month=08/day=01, and hour=09. Also Kafka Connect's classes DefaultPartitioner, FieldPartitioner, TimeBasedPartitioner, DailyPartitioner and HourlyPartitioner"},
			{Name: propFields, Type: connector.String, Doc: "field: the columns, with commas between them"},
			{Name: propPath, Type: connector.String, Doc: "time: the folder, such as " + hourlyPath + ": letters are as in Joda-Time (YYYY the year, xxxx the year of the week ww, DDD the day of the year), text is in quotes"},
			{Name: propDuration, Type: connector.Duration, Doc: "time: how much of local time a folder spans; the path is of its beginning. 3600000 or 1h is an hour"},
			{Name: propLocale, Type: connector.String, Default: "en", Doc: "time: the language of names in paths, which is English alone; any other where the path has none"},
			{Name: propZone, Type: connector.String, Default: "UTC", Doc: "time: the time zone of paths, such as Europe/Berlin"},
			{Name: propExtractor, Type: connector.String, Default: extractClock, Values: []string{extractClock, extractRecord, extractField}, Doc: "time: which time a row goes by. Wallclock: when it is written, so that after a crash it may be written again below another folder; " +
				"Record: the record's; RecordField: a column's"},
			{Name: propTimeField, Type: connector.String, Default: "timestamp", Doc: "RecordField: the column, a TIMESTAMP, DATE, BIGINT of milliseconds since 1970, or STRING as of ISO 8601. A row without one is refused, as errors.tolerance says"},
			{Name: "storage.class", Type: connector.String, Default: storageClass, Doc: "there is no other"},
			{Name: "schema.compatibility", Type: connector.String, Default: "none", Values: []string{"none", "backward", "forward", "full"},
				Doc: "has no effect: all rows of a stream or table have its columns, so an object never needs two schemas"},
			{Name: "tasks.max", Type: connector.Integer, Default: "1", Min: 1, Doc: "has no effect: one task writes all"},
		}, shared...),
		Example: "CREATE SINK CONNECTOR archive WITH ('connector.class'='s3', 'from'='clicks', 's3.bucket.name'='site', 's3.region'='eu-central-1', " +
			"'aws.access.key.id'='${env:WEIR_SECRET_S3_ID}', 'aws.secret.access.key'='${env:WEIR_SECRET_S3}', 'format'='avro', 'flush.size'='100000');",
		OpenSink: open,
	}
}

// formats are the formats by name, and by the last part of Kafka Connect's names.
var formats = map[string]string{
	"avro": encode.Avro, "json": encode.JSON, "csv": encode.CSV, "bytes": encode.Lines,
	"avroformat": encode.Avro, "jsonformat": encode.JSON, "bytearrayformat": encode.Lines,
}

// connectFormats are the names that Kafka Connect's formats may have before their last part: the folder was left out of many a guide.
var connectFormats = map[string][]string{
	"avroformat": {"", "avro."}, "jsonformat": {"", "json."}, "bytearrayformat": {"", "bytearray."},
}

// formatOf reads the property 'format'.
func formatOf(text string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	if rest, ok := strings.CutPrefix(name, "io.confluent.connect.s3.format."); ok {
		last := rest[strings.LastIndex(rest, ".")+1:]
		for _, folder := range connectFormats[last] {
			if rest == folder+last {
				return formats[last], nil
			}
		}
	} else if f, ok := formats[name]; ok {
		return f, nil
	}
	if strings.Contains(name, "parquet") {
		return "", fmt.Errorf("property '%s': Parquet files are not written: choose avro, json, csv or bytes", propFormat)
	}
	hint := ""
	if s, ok := suggest.Suggest(name, []string{"avro", "json", "csv", "bytes"}); ok {
		hint = fmt.Sprintf("; did you mean '%s'?", s)
	}
	return "", fmt.Errorf("property '%s': expected avro, json, csv or bytes, or Kafka Connect's class AvroFormat, JsonFormat or ByteArrayFormat, got '%s'%s", propFormat, text, hint)
}

func open(env connector.Env, v connector.Values) (connector.Opened, error) {
	s := &sink{
		env: env, bucket: v.Text(propBucket), dir: strings.Trim(v.Text("topics.dir"), "/"), partSize: uint64(v.Int("s3.part.size")), //nolint:gosec // at least 5 MB
		extension: v.Text(propExtension),
		options:   encode.Options{Header: true, Separator: "\n", Codec: v.Text(propCodec)},
	}
	var err error
	if s.options.Format, err = formatOf(v.Text(propFormat)); err != nil {
		return connector.Opened{}, err
	}
	for name, format := range map[string]string{propCodec: encode.Avro, propSeparator: encode.Lines, propExtension: encode.Lines} {
		if v.Given(name) && s.options.Format != format {
			return connector.Opened{}, fmt.Errorf("property '%s' goes with another format than '%s'", name, v.Text(propFormat))
		}
	}
	if s.options.Format == encode.Lines {
		s.options.Separator = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(v.Text(propSeparator))
	}
	if storage := v.Text("storage.class"); storage != storageClass {
		return connector.Opened{}, fmt.Errorf("property 'storage.class': expected %s, got '%s'", storageClass, storage)
	}
	if s.partitioner, err = partitionerOf(v); err != nil {
		return connector.Opened{}, err
	}
	columns := s.partitioner != nil && s.partitioner.columns()
	if s.client, s.transport, err = connect(env, v); err != nil {
		return connector.Opened{}, err
	}
	return connector.Opened{
		Writer: s, PerPartition: true, Check: s.check,
		Columns: s.options.NeedsColumns() || columns, Bare: !columns && (s.options.Format == encode.JSON),
	}, nil
}
