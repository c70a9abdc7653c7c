package connectors

import (
	"testing"

	"weir/connectors/connector"
)

func TestShow(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"connector.class", "s3", "s3"},
		{"aws.access.key.id", "AKIA1", "AKIA1"},
		{"aws.secret.access.key", "geheim", Masked},
		{"aws.secret.access.key", "${env:KEY}", "${env:KEY}"},
		{"connection.password", "${file:/run/p}x", Masked},
		{"headers.Authorization", "Bearer ${env:WEIR_SECRET_T}", "Bearer ${env:WEIR_SECRET_T}"},
		{"headers.Authorization", "Bearer geheim", Masked},
		{"connection.url", "postgres://me:geheim@db:5432/x?sslmode=require", "postgres://me:" + Masked + "@db:5432/x?sslmode=require"},
		{"connection.url", "postgres://me:${env:P}@db/x", "postgres://me:${env:P}@db/x"},
		{"connection.url", "jdbc:postgresql://db/x?user=me&password=geheim&ssl=true", "jdbc:postgresql://db/x?user=me&password=" + Masked + "&ssl=true"},
		{"url", "http://127.0.0.1:1/orders/{ID}", "http://127.0.0.1:1/orders/{ID}"},
		{"sasl.jaas.config", "username=\"a\" password=\"b\";", Masked},
		{"key", "user", "user"},
	} {
		if got := Show(connector.Setting{Name: c.name, Value: c.value}); got != c.want {
			t.Errorf("%s = %s is shown as %s, want %s", c.name, c.value, got, c.want)
		}
	}
}
