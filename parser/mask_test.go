package parser

import "testing"

func TestMasked(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT * FROM s WHERE k = 'x';", "SELECT * FROM s WHERE k = 'x';"},
		{"insert into s (k, `low`) values ('x', 1);", "INSERT INTO S (`K`, `low`) VALUES ('[value]', '[value]');"},
		{"INSERT INTO s VALUES ('x', STRUCT(a := 'y'));", "INSERT INTO S VALUES ('[value]', '[value]');"},
		{"INSERT INTO s SELECT * FROM t WHERE k = 'x';", "INSERT INTO s SELECT * FROM t WHERE k = 'x';"},
		{"SHOW TABLES; INSERT INTO s VALUES ('x')", "SHOW TABLES;\nINSERT INTO S VALUES ('[value]');"},
		{"INSERT INTO s VALUES ('x' 12, 1.5e3,\n 'z", "INSERT INTO s VALUES ('[value]' '[value]', '[value]',\n '[value]'"},
		{"CREATE SINK CONNECTOR c WITH ('connector.class'='file', 'password'='x');", "CREATE SINK CONNECTOR C WITH ('connector.class'='file', 'password'='[string]');"},
		{"CREATE SOURCE CONNECTOR c WITH ('connector.class'='file' 'password'='x', 'n'=5);", "CREATE SOURCE CONNECTOR c WITH ('connector.class'='[string]' 'password'='[string]', 'n'='[string]');"},
		{"CREATE STREAM s (k INT) WITH (KAFKA_TOPIC='t');", "CREATE STREAM s (k INT) WITH (KAFKA_TOPIC='t');"},
		{"", ""},
	} {
		if got := Masked(c.text); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.text, got, c.want)
		}
	}
}
