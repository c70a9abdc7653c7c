package functions

import (
	"math"
	"math/rand/v2"
	"testing"

	"weir/types"
)

// Calls beside the documented examples; a result that begins with ! is the beginning of an error.
var calls = [][2]string{
	{"CONCAT(NULL, NULL)", "''"}, {"CONCAT_WS(NULL, 'a', 'b')", "NULL"}, {"CONCAT_WS(',', NULL, NULL)", "''"}, {"CONCAT_WS(',')", "!CONCAT_WS wants at least one value"}, {"INITCAP('  aB cD ')", "'Ab Cd '"}, {"INITCAP('  ')", "''"},
	{"SUBSTRING('some string', 0, 2)", "'so'"}, {"SUBSTRING('abc', -9, 2)", "'ab'"}, {"SUBSTRING('abc', 2, -1)", "''"}, {"SUBSTRING('日本語', 2, 1)", "'本'"},
	{"SUBSTRING(TO_BYTES('abc', 'utf8'), 2)", "TO_BYTES('bc', 'utf8')"}, {"SUBSTRING(NULL, 1)", "NULL"},
	{"INSTR('short', 'or', 4)", "0"}, {"INSTR('corporate floor', 'or', -4, 2)", "2"}, {"INSTR('short', 'or', -4)", "0"}, {"INSTR('日本日', '日', 2)", "3"}, {"INSTR('a', '')", "1"}, {"INSTR('abc', '', 3)", "3"}, {"INSTR('', '')", "0"}, {"INSTR(NULL, 'a')", "0"}, {"INSTR('a', NULL, 1)", "0"}, {"INSTR('a', 'a', NULL)", "NULL"},
	{"INSTR('a', 'a', 0)", "0"}, {"INSTR('aaa', 'aa', 1, 2)", "2"}, {"INSTR('a', 'a', -99)", "0"}, {"INSTR('a', 'a', 99)", "0"},
	{"LPAD('ab', -1, 'x')", "NULL"}, {"LPAD('ab', 5, '')", "NULL"}, {"LPAD('ab', 0, 'x')", "''"}, {"LPAD('é', 3, 'ab')", "'abé'"}, {"LPAD('a', 99999999, 'x')", "!a value would take more than"},
	{"TRIM('a\tb')", "'a\tb'"}, {"UCASE('straße ﬁ')", "'STRASSE FI'"}, {"LCASE('ΟΔΥΣΣΕΥΣ')", "'οδυσσευς'"}, {"INITCAP('ÉCOLE ßa')", "'École SSa'"}, {"REPLACE('abc', NULL, 'x')", "NULL"},
	{"CSV_PARSE('')", "ARRAY['']"}, {"CSV_PARSE(',')", "ARRAY['', '']"}, {"CSV_PARSE('a,\"b\nc\"\r\n')", "ARRAY['a', 'b\nc']"}, {"CSV_PARSE('\"\",\"\"\"\",\"a\"\"b\"\"\"')", `ARRAY['', '"', 'a"b"']`}, {"CSV_PARSE(' a ,b ')", "ARRAY[' a ', 'b ']"}, {"CSV_PARSE('a→\"→\"→', '→')", "ARRAY['a', '→', '']"}, {"CSV_PARSE('a', NULL)", "NULL"}, {"CSV_PARSE(NULL)", "NULL"},
	{"CSV_PARSE('a,\"b')", "!field 2: a quote is not closed"}, {"CSV_PARSE('a\"b')", "!field 1: a quote stands inside"}, {"CSV_PARSE('\"a\"b')", "!field 1: behind a closing quote"}, {"CSV_PARSE('a', '')", "!expected a delimiter of one character"}, {"CSV_PARSE('a', '\"')", "!expected a delimiter of one character"}, {"CSV_PARSE('a', ',,')", "!expected a delimiter of one character"},
	{"FROM_BYTES(GUNZIP(TO_BYTES('H4sIAAAAAAACA0sEAEO+t+gBAAAAH4sIAAAAAAACA0sCAPnvvnEBAAAA', 'base64')), 'utf8')", "'ab'"}, {"GUNZIP(TO_BYTES('', 'hex'))", "!expected what gzip has packed"}, {"GUNZIP(TO_BYTES('plain', 'ascii'))", "!expected what gzip has packed"}, {"GUNZIP(SUBSTRING(GZIP('hello'), 1, 20))", "!expected what gzip has packed: unexpected EOF"}, {"GUNZIP(GZIP(''))", "TO_BYTES('', 'hex')"}, {"GZIP(TO_BYTES('a', 'ascii'))", "GZIP('a')"}, {"GUNZIP(NULL)", "NULL"},
	{"SPLIT('', ',')", "ARRAY['']"}, {"SPLIT('.a.', '.')", "ARRAY['', 'a', '']"}, {"SPLIT(TO_BYTES('a,b', 'utf8'), TO_BYTES(',', 'utf8'))", "ARRAY[TO_BYTES('a', 'utf8'), TO_BYTES('b', 'utf8')]"},
	{"SPLIT_TO_MAP('a:1,b,a:2', ',', ':')", "MAP('a' := '2')"}, {"SPLIT_TO_MAP('a:1', '', ':')", "NULL"}, {"SPLIT_TO_MAP('a:1:2,:3,b:', ',', ':')", "MAP('a' := '1', '' := '3', 'b' := '')"},
	{"CHR('\\ud820\\udeb8')", "'\U000182b8'"}, {"CHR('75')", "NULL"}, {"CHR('\\u0041b\\u0043')", "'AbC'"}, {"CHR('\\u00zz')", "NULL"}, {"CHR('x\\u0041')", "NULL"}, {"CHR('')", "NULL"}, {"CHR(22909)", "'好'"}, {"CHR(1114112)", "NULL"},
	{"ELT(0, 'a')", "NULL"}, {"ELT(1, 'a')", "'a'"}, {"ELT(NULL, 'a')", "NULL"}, {"FIELD('x')", "0"},
	{"ENCODE('ce95', 'hex', 'utf8')", "'Ε'"}, {"ENCODE('Ελ', 'ascii', 'hex')", "'3f3f'"}, {"ENCODE('0x4578', 'hex', 'ascii')", "'Ex'"}, {"ENCODE('X''4578''', 'hex', 'ascii')", "'Ex'"},
	{"ENCODE('c39c', 'hex', 'ascii')", "'\ufffd\ufffd'"}, {"ENCODE('x', 'null', 'ascii')", "!Supported input and output encodings are"}, {"ENCODE('0x578', 'hex', 'base64')", "'BXg='"}, {"ENCODE('578', 'hex', 'ascii')", "!not hexadecimal"}, {"ENCODE('Ex', 'utf8', 'UTF8')", "!the two encodings are the same"}, {"ENCODE('-_8 IQI', 'base64', 'hex')", "'fbff0840'"}, {"ENCODE('X''''', 'hex', 'utf8')", "''"}, {"ENCODE('zz', 'hex', 'ascii')", "!not hexadecimal"},
	{"DECIMAL_FROM_BYTES(TO_BYTES('', 'hex'), 2)", "!no bytes"}, {"DECIMAL_FROM_BYTES(TO_BYTES('07FFFFFFFFFFFFFFFFFF', 'hex'), 3)", "37778931862957161709.567"}, {"TO_JSON_STRING(DECIMAL_FROM_BYTES(TO_BYTES('FF7FFFFFFFFFFFFFFF', 'hex'), 19, 0))", "'-9223372036854775809'"}, {"DECIMAL_FROM_BYTES(TO_BYTES('03E8', 'hex'), 3, 1)", "!numeric overflow"}, {"DECIMAL_FROM_BYTES(TO_BYTES('03E8', 'hex'), 5, 9)", "!there is no DECIMAL(5, 9)"}, {"DECIMAL_FROM_BYTES(TO_BYTES('01', 'hex'), 65, 9)", "!there is no DECIMAL(65, 9)"}, {"DECIMAL_FROM_BYTES(TO_BYTES('01', 'hex'), LEN('a'))", "!DECIMAL_FROM_BYTES: precision and scale are to be constants"},
	{"DECIMAL_FROM_BYTES(STRUCT(VALUE := TO_BYTES('0F', 'hex'), SCALE := -2), 1)", "1500.0"}, {"DECIMAL_FROM_BYTES(STRUCT(VALUE := TO_BYTES('0F', 'hex'), SCALE := 3), 2)", "!numeric overflow"}, {"DECIMAL_FROM_BYTES(STRUCT(VALUE := TO_BYTES('96', 'hex'), SCALE := 1), 0)", "!"}, {"DECIMAL_FROM_BYTES(STRUCT(A := 1), 0)", "!Function"}, {"DECIMAL_FROM_BYTES(STRUCT(VALUE := TO_BYTES('01', 'hex'), SCALE := 2000000000), 2)", "!numeric overflow"},
	{"BIGINT_FROM_BYTES(TO_BYTES('00', 'hex'))", "!Number of bytes must be equal to 8, but found 1"}, {"INT_FROM_BYTES(TO_BYTES('00000001', 'hex'), 'middle')", "!Byte order must be"},
	{"UUID(TO_BYTES('00', 'hex'))", "!a UUID is made of 16 bytes"}, {"MASK_LEFT('abc', -1)", "!the number of characters"}, {"MASK(NULL)", "NULL"}, {"MASK('a', 'XY', NULL, NULL, NULL)", "!a mask is one character"}, {"MASK('a', '', NULL, NULL, NULL)", "!a mask is one character"}, {"MASK_KEEP_RIGHT('ab', 9)", "'ab'"},
	{"REGEXP_EXTRACT('(.*) (.*)', 'one', 2)", "NULL"}, {"REGEXP_EXTRACT('a', 'a', 5)", "NULL"}, {"REGEXP_EXTRACT('(', 'a')", "!not a regular expression"}, {"REGEXP_SPLIT_TO_ARRAY('axbxx', 'x*')", "ARRAY['a', '', 'b']"}, {"REGEXP_SPLIT_TO_ARRAY('xa', 'x*')", "ARRAY['', '', 'a']"}, {"REGEXP_SPLIT_TO_ARRAY('a,', ',')", "ARRAY['a', '']"}, {"REGEXP_SPLIT_TO_ARRAY('', '')", "ARRAY['']"},
	{"REGEXP_REPLACE('abc', 'b', '\\$')", "'a$c'"}, {"REGEXP_REPLACE('abc', '.*', 'x')", "'xx'"}, {"REGEXP_EXTRACT_ALL('[^,]*', 'a,b')", "ARRAY['a', '', 'b', '']"}, {"REGEXP_EXTRACT_ALL('^.*', 'ab')", "ARRAY['ab']"}, {"REGEXP_REPLACE('aXb', 'x*', '-')", "'-a-X-b-'"}, {"REGEXP_EXTRACT_ALL('(x*)(y?)', 'axy', 2)", "ARRAY['', 'y', '']"}, {"REGEXP_REPLACE('abc', 'b', '$3')", "!there is no group 3"},
	{"URL_EXTRACT_QUERY('http://a.b/c')", "NULL"}, {"URL_EXTRACT_QUERY('http://a.b/c?')", "''"}, {"URL_EXTRACT_FRAGMENT('#')", "''"}, {"URL_EXTRACT_FRAGMENT('a#b%20c')", "'b c'"}, {"URL_EXTRACT_PROTOCOL('HTTP://a')", "'HTTP'"}, {"URL_EXTRACT_PATH('mailto:a@b.c?d')", "NULL"}, {"URL_EXTRACT_PATH('a b')", "!URL input has invalid syntax"}, {"URL_EXTRACT_PATH('http://a/%2')", "!URL input has invalid syntax"}, {"URL_EXTRACT_PATH('http://ä/ö')", "'/ö'"}, {"URL_EXTRACT_HOST('http://[::1]:80/')", "'[::1]'"}, {"URL_EXTRACT_HOST('//a_b/c')", "NULL"}, {"URL_EXTRACT_HOST('http://1.2.3.4')", "'1.2.3.4'"}, {"URL_EXTRACT_HOST('http://a.b.:1')", "'a.b.'"}, {"URL_EXTRACT_PORT('http://a:/')", "NULL"}, {"URL_EXTRACT_PORT('http://a:b/')", "NULL"}, {"URL_EXTRACT_PARAMETER('http://a?b&c=1+2', 'b')", "''"}, {"URL_EXTRACT_PARAMETER('?c=1+2=3', 'c')", "'1+2=3'"}, {"URL_EXTRACT_PARAMETER('http://a', 'b')", "NULL"}, {"URL_EXTRACT_HOST('http://')", "!URL input has invalid syntax"}, {"URL_EXTRACT_PATH('')", "''"}, {"URL_EXTRACT_QUERY('http://a/b?c[0]=1')", "'c[0]=1'"}, {"URL_EXTRACT_PATH('http://a/b[0]')", "!URL input has invalid syntax"}, {"URL_EXTRACT_PATH('http://a.b')", "''"}, {"URL_EXTRACT_HOST('::')", "!URL input has invalid syntax"}, {"URL_ENCODE_PARAM('a*~b')", "'a*%7Eb'"},
	{"ROUND(-1.7E0)", "-2"}, {"ROUND(-1.5)", "-1"}, {"ROUND(12345.678E0, -2)", "12300E0"}, {"ROUND(12345.678, -2)", "12300.000"}, {"ROUND(5)", "CAST('5' AS BIGINT)"}, {"TRUNC(-12.56)", "-12"},
	{"TRUNC(1.234567E0, 10)", "1.234567E0"}, {"FLOOR(-1.1)", "-2.0"}, {"CEIL(-1.7)", "-1.0"}, {"LN(-1)", "CAST('NaN' AS DOUBLE)"}, {"LOG(0)", "CAST('-Infinity' AS DOUBLE)"}, {"LOG(1, 5)", "CAST('NaN' AS DOUBLE)"}, {"LOG(10, 1000)", "2.9999999999999996E0"}, {"LOG(10, 100)", "2E0"}, {"POWER(1, LN(-1))", "CAST('NaN' AS DOUBLE)"}, {"POWER(-1, LN(0))", "CAST('NaN' AS DOUBLE)"}, {"POWER(0, -1)", "CAST('Infinity' AS DOUBLE)"}, {"ROUND(LN(-1), 2)", "!"}, {"ROUND(LN(-1))", "0"}, {"TRUNC(LN(0), 2)", "!"}, {"TRUNC(LN(0))", "CAST('-9223372036854775808' AS BIGINT)"},
	{"ABS(NULL)", "NULL"}, {"GREATEST(NULL, NULL)", "!Function 'greatest' cannot be resolved due to ambiguous"}, {"LN(3)", "1.0986122886681098E0"}, {"LN(13E0)", "2.5649493574615367E0"}, {"LN(2)", "0.6931471805599453E0"}, {"COALESCE(NULL, ARRAY[1])", "ARRAY[1]"}, {"NULLIF(NULL, 1)", "NULL"},
	{"ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "TRUE"}, {"ARRAY_CONTAINS(NULL, 1)", "FALSE"}, {"ARRAY_INTERSECT(ARRAY[1], FILTER(ARRAY[1], x => x > 1))", "FILTER(ARRAY[1], x => x > 1)"},
	{"ARRAY_SORT(ARRAY[3, NULL, 1], 'desc')", "ARRAY[3, 1, NULL]"}, {"ARRAY_JOIN(ARRAY_SORT(ARRAY[2E0, LN(-1), LN(0)], 'DESC'))", "'NaN,2.0,-Infinity'"}, {"ARRAY_MIN(ARRAY[LN(-1), 2E0])", "2E0"}, {"GREATEST(1E0, LN(-1))", "LN(-1)"}, {"ARRAY_SORT(ARRAY[1], 'up')", "!the direction is ASC or DESC"}, {"ARRAY_JOIN(ARRAY['a', 'b'], NULL)", "'ab'"},
	{"GENERATE_SERIES(3, 1)", "ARRAY[3, 2, 1]"}, {"GENERATE_SERIES(1, 3, 0)", "!GENERATE_SERIES step cannot be zero"}, {"GENERATE_SERIES(1, 3, -1)", "!GENERATE_SERIES step has wrong sign"},
	{"GENERATE_SERIES(0, 9000000000000)", "!a value would take more than"}, {"SLICE(ARRAY[1, 2, 3], NULL, 2)", "ARRAY[1, 2]"}, {"SLICE(ARRAY[1, 2], 3, 1)", "NULL"}, {"SLICE(ARRAY[1, 2], 3, 2)", "FILTER(ARRAY[1], x => x > 1)"}, {"SLICE(ARRAY[1, 2], 0, 1)", "NULL"}, {"SLICE(ARRAY[1, 2], 2, NULL)", "ARRAY[2]"}, {"AS_MAP(ARRAY['a', 'b'], ARRAY[1])", "MAP('a' := 1, 'b' := NULL)"}, {"ARRAY_JOIN(ARRAY[NULL, ARRAY[1]])", "!ARRAY_JOIN joins plain items"}, {"ARRAY_JOIN(ARRAY[NULL])", "'null'"},
	{"MAP_UNION(NULL, MAP('a' := 1))", "MAP('a' := 1)"}, {"MAP_KEYS(NULL)", "NULL"}, {"FILTER(MAP('a' := 1, 'b' := NULL), (k, v) => TRUE)", "!an entry gets the value NULL"}, {"TRANSFORM(MAP('a' := 1, 'b' := NULL), (k, v) => k, (k, v) => v)", "!an entry gets the value NULL"}, {"REDUCE(NULL, 2, (s, x) => s)", "2"}, {"REDUCE(ARRAY[5, NULL], 2, (s, x) => s + x)", "NULL"},
	{"TRANSFORM(ARRAY['a', NULL], x => UCASE(x))", "ARRAY['A', NULL]"}, {"TRANSFORM(MAP('a' := 1, 'A' := 2), (k, v) => UCASE(k), (k, v) => v)", "!two entries get the same key"}, {"TRANSFORM(ARRAY[1, NULL], x => x + 1)", "ARRAY[2, NULL]"}, {"GREATEST(1, 2.5)", "!Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, DECIMAL(2, 1))."},
	{`EXTRACTJSONFIELD('{"a.b": 1, "x": {"y": null}}', '$[''a.b'']')`, "'1'"}, {`EXTRACTJSONFIELD('{"x": {"y": null}}', '$.x.y')`, "'null'"}, {`EXTRACTJSONFIELD('{"x": [5, {"0": 6}]}', '$.x.1.0')`, "'6'"}, {`EXTRACTJSONFIELD('{"x": {"0": 7}}', '$[x][0]')`, "'7'"}, {`EXTRACTJSONFIELD('[[1e3, 0.00000012, "a\u00e9\/"]]', '$[0]')`, `'[1E+3,1.2E-7,"aé/"]'`}, {`EXTRACTJSONFIELD('{"a": 1}', '$[a b]')`, "!not a JSON path"}, {`EXTRACTJSONFIELD('{"@t": "v"}}', '$.@t')`, "'v'"},
	{`EXTRACTJSONFIELD('{"a": "\u00e9"}', '$.a')`, "'é'"}, {`EXTRACTJSONFIELD('[1, [2, 3]]', '$[1][0]')`, "'2'"}, {`EXTRACTJSONFIELD('{"a": 1}', 'a')`, "!not a JSON path"}, {"EXTRACTJSONFIELD('', '$.a')", "!not a JSON document"},
	{`EXTRACTJSONFIELD('{"a": 1}', '$.a.b')`, "NULL"}, {`EXTRACTJSONFIELD('[1]', '$[7]')`, "NULL"}, {`EXTRACTJSONFIELD(' {"a" : 1.50 }', '$.a')`, "'1.50'"},
	{"JSON_ARRAY_LENGTH('')", "NULL"}, {"JSON_ARRAY_LENGTH('[1')", "!not a JSON document"}, {"JSON_CONCAT('[1, [2]]', '{}', '3')", "'[1,[2],{},3]'"}, {"JSON_CONCAT('null', 'null')", "'[null,null]'"},
	{"JSON_CONCAT('', '1')", "NULL"}, {"JSON_CONCAT(' 1e2 ')", "'100'"}, {`JSON_RECORDS('{"a": null, "b": [ ]}')`, "MAP('a' := 'null', 'b' := '[]')"}, {"IS_JSON_STRING('[1] x')", "TRUE"}, {"IS_JSON_STRING('1x')", "FALSE"}, {"IS_JSON_STRING('truex')", "FALSE"}, {"IS_JSON_STRING(' ')", "FALSE"}, {`JSON_CONCAT('{"a": 1}', NULL)`, "NULL"}, {`JSON_CONCAT('{"a": {"x": 1}}', '{"a": 2}')`, `'{"a":2}'`}, {"JSON_KEYS('[]')", "NULL"}, {`JSON_RECORDS('{}')`, "MAP()"},
	{"JSON_ARRAY_CONTAINS('[1.0, true]', 1)", "FALSE"}, {"JSON_ARRAY_CONTAINS('[1.0]', 1E0)", "TRUE"}, {"JSON_ARRAY_CONTAINS('[1]', 1E0)", "FALSE"}, {"JSON_ARRAY_CONTAINS('[1.0]', 1.0)", "FALSE"}, {"JSON_ARRAY_CONTAINS('[1, 2', 2)", "TRUE"}, {"JSON_ARRAY_CONTAINS('[1, x', 2)", "FALSE"}, {"JSON_ARRAY_CONTAINS('', 2)", "FALSE"}, {"JSON_ARRAY_CONTAINS(NULL, 2)", "NULL"}, {"JSON_ARRAY_CONTAINS('[true]', TRUE)", "TRUE"}, {"JSON_ARRAY_CONTAINS('{}', 1)", "FALSE"},
	{"TO_JSON_STRING(NULL)", "'null'"}, {"TO_JSON_STRING(STRUCT(B := 1, A := MAP('z' := ARRAY[STRUCT(D := 2, C := NULL)], 'y' := NULL)))", `'{"A":{"y":null,"z":[{"C":null,"D":2}]},"B":1}'`}, {"TO_JSON_STRING(TIME '16:43:40')", `'"16:43:40"'`}, {"TO_JSON_STRING(TIMESTAMP '1971-11-28T23:46:40')", `'"1971-11-28T23:46:40.000"'`}, {"TO_JSON_STRING(MAP('a' := 1E0))", `'{"a":1.0}'`},
	{"DATEADD(HOURS, 23, DATE '2020-01-01')", "DATE '2020-01-01'"}, {"DATESUB(DAYS, 10, DATE '1970-01-06')", "DATE '1969-12-27'"}, {"TIMEADD(MILLISECONDS, -5, TIME '00:00:00.002')", "TIME '23:59:59.997'"},
	{"DATEADD(FORTNIGHTS, 1, DATE '2020-01-01')", "!unknown time unit"}, {"DATEADD(DAYS, NULL, DATE '2020-01-01')", "NULL"}, {"UNIX_DATE()", "18518"}, {"UNIX_TIMESTAMP()", "1600000000000"},
	{"FORMAT_DATE(FROM_DAYS(-1), 'dd-MM-yyyy''Sophia''')", "'31-12-1969Sophia'"}, {"FORMAT_DATE(DATE '2020-02-03', 'EEEE, d MMMM yy G')", "'Monday, 3 February 20 AD'"}, {"FORMAT_DATE(DATE '2020-02-03', 'q')", "'1'"},
	{"FORMAT_DATE(DATE '2020-02-03', 'P')", "!date format"}, {"FORMAT_DATE(DATE '2020-02-03', '''')", "!date format"}, {"FORMAT_DATE(DATE '2020-02-03', '[yyyy')", "!date format"},
	{"FORMAT_TIME(TIME '13:05:09', 'hh:mm a')", "'01:05 PM'"}, {"FORMAT_TIMESTAMP(TIMESTAMP '2020-07-01T12:00:00', 'XXX Z x VV', 'Europe/Berlin')", "'+02:00 +0200 +02 Europe/Berlin'"},
	{"FORMAT_TIMESTAMP(TIMESTAMP '2020-07-01T12:00:00', 'yyyyMMddHHmmssSSS')", "'20200701120000000'"}, {"FORMAT_TIMESTAMP(TIMESTAMP '2020-01-01T00:00:00', 'X', 'Mars/Base')", "!unknown time zone"},
	{"PARSE_DATE('2018-05-11Lit', 'yyyy-MM-dd''Lit''')", "DATE '2018-05-11'"}, {"PARSE_DATE('20180511', 'yyyyMMdd')", "DATE '2018-05-11'"}, {"PARSE_DATE('2018-02-30', 'yyyy-MM-dd')", "DATE '2018-03-02'"}, {"PARSE_DATE('2018-13-1', 'yyyy-MM-dd')", "DATE '2019-01-01'"}, {"PARSE_DATE('3/4/46', 'M/d/yy')", "DATE '1946-03-04'"}, {"PARSE_DATE('3/4/39', 'M/d/yy')", "DATE '2039-03-04'"}, {"PARSE_DATE('4 March 2018', 'dd MMM yyyy')", "DATE '2018-03-04'"}, {"PARSE_DATE('2018-05-11 00:00', 'yyyy-MM-dd HH:mm')", "DATE '2018-05-11'"}, {"PARSE_DATE('2018-05-11 00:01', 'yyyy-MM-dd HH:mm')", "!\"2018-05-11 00:01\" does not have the form"},
	{"PARSE_DATE('2018-060', 'yyyy-DDD')", "DATE '2018-03-01'"}, {"PARSE_DATE('x', 'yyyy')", "!\"x\" does not have the form"}, {"PARSE_DATE('2018-05-11 more', 'yyyy-MM-dd')", "DATE '2018-05-11'"},
	{"STRINGTODATE('2018-02-30', 'yyyy-MM-dd')", "17590"}, {"STRINGTODATE('2018-05', 'yyyy-MM')", "!\"2018-05\" does not have the form"}, {"STRINGTODATE('2018-366', 'yyyy-DDD')", "!\"2018-366\" does not"}, {"STRINGTODATE('2018-1-1', 'yyyy-MM-dd')", "!\"2018-1-1\" does not"}, {"STRINGTODATE('Sat 2018-05-11', 'EEE yyyy-MM-dd')", "!\"Sat 2018-05-11\" does not"}, {"STRINGTODATE('fri 2018-05-11 24:00', 'EEE yyyy-MM-dd HH:mm')", "17663"},
	{"PARSE_TIME('10', 'HH')", "TIME '10:00'"}, {"PARSE_TIME('10:30 pm', 'hh:mm a')", "TIME '22:30'"}, {"PARSE_TIME('10:30', 'hh:mm')", "!\"10:30\" does not"}, {"PARSE_TIME('30:10', 'mm:ss')", "!\"30:10\" does not"}, {"PARSE_TIME('10:05', 'HH:ss')", "!\"10:05\" does not"}, {"PARSE_TIME('2018 10:30', 'yyyy HH:mm')", "!\"2018 10:30\" does not"}, {"PARSE_TIME('10:30 PM', 'HH:mm a')", "!\"10:30 PM\" does not"}, {"PARSE_TIME('24:00', 'HH:mm')", "TIME '00:00'"}, {"PARSE_TIME('24:01', 'HH:mm')", "!\"24:01\" does not"},
	{"PARSE_TIMESTAMP('2019-02-31', 'yyyy-MM-dd')", "TIMESTAMP '2019-02-28'"}, {"PARSE_TIMESTAMP('2019-02-28 24:00', 'yyyy-MM-dd HH:mm')", "TIMESTAMP '2019-03-01'"}, {"DATESUB(HOURS, 1, DATE '1970-01-01')", "DATE '1970-01-01'"}, {"FORMAT_DATE(DATE '2020-02-03', 'yyyy HH')", "!the value has nothing for"}, {"FORMAT_DATE(DATE '2020-02-03', 'yyyy[ HH]')", "'2020'"}, {"FORMAT_TIME(TIME '13:05', 'HH dd')", "!the value has nothing for"}, {"FORMAT_DATE(FROM_DAYS(2932897), 'yyyy-MM-dd')", "'+10000-01-01'"},
	{"PARSE_TIMESTAMP('2018-05-11T21:58:33Z', 'yyyy-MM-dd''T''HH:mm:ssX')", "TIMESTAMP '2018-05-11T21:58:33'"}, {"PARSE_TIMESTAMP('2018-05-11 10:00', 'yyyy-MM-dd HH:mm[:ss]', 'Europe/Berlin')", "TIMESTAMP '2018-05-11T08:00:00'"},
	{"PARSE_TIMESTAMP('2018-05-11 10:00:01 PM +02:00', 'yyyy-MM-dd hh:mm:ss a XXX')", "TIMESTAMP '2018-05-11T20:00:01'"}, {"PARSE_TIMESTAMP('2018-05-11 10 Europe/Paris', 'yyyy-MM-dd HH VV')", "TIMESTAMP '2018-05-11T08:00:00'"},
	{"STRINGTOTIMESTAMP('bogus', 'yyyy')", "!\"bogus\" does not have the form"}, {"CONVERT_TZ(FROM_UNIXTIME(0), '+01:00', 'UTC+3')", "FROM_UNIXTIME(7200000)"},
	{"GEO_DISTANCE(91, 0, 0, 0)", "!invalid latitude"}, {"GEO_DISTANCE(0, 0, 0, 0, 'feet')", "!the unit of a distance"}, {"GEO_DISTANCE(0, NULL, 0, 0, 'KM')", "NULL"}, {"ROUND(GEO_DISTANCE(0, 0, 0, 1, ' mile '))", "69"}, {"ROUND(GEO_DISTANCE(0, 0, 0, 1, ''))", "111"}, {"TO_BYTES('IQ', 'base64')", "TO_BYTES('!', 'utf8')"}, {"TO_BYTES('0x21', 'hex')", "!not hexadecimal"}, {"FROM_BYTES(TO_BYTES('FFFF41E28241E282', 'hex'), 'utf8')", "'\ufffd\ufffdA\ufffdA\ufffd'"}, {"FROM_BYTES(TO_BYTES('C0AF', 'hex'), 'utf8')", "'\ufffd\ufffd'"}, {"CONCAT_WS(TO_BYTES('-', 'utf8'), TO_BYTES('a', 'utf8'), NULL, TO_BYTES('b', 'utf8'))", "TO_BYTES('a-b', 'utf8')"},
	{"CONVERT_TZ(FROM_UNIXTIME(0), '+0200', '-0930')", "FROM_UNIXTIME(-41400000)"}, {"CONVERT_TZ(FROM_UNIXTIME(0), 'Z', '+10')", "FROM_UNIXTIME(36000000)"}, {"CONVERT_TZ(FROM_UNIXTIME(0), 'GMT0', 'UTC-10:00')", "FROM_UNIXTIME(-36000000)"}, {"CONVERT_TZ(FROM_UNIXTIME(0), 'UTC', 'utc+1')", "!unknown time zone"}, {"CONVERT_TZ(FROM_UNIXTIME(0), '+19:00', 'UTC')", "!unknown time zone"},
	{"GROK('a=1 b=2', '%{WORD:k}=%{INT:v:int} (?<k2>\\w)=%{INT:v}')", "MAP('k' := 'a', 'v' := '1', 'k2' := 'b')"}, {"GROK('x', '(?:%{INT:n}|%{WORD:w})')", "MAP('w' := 'x')"}, {"GROK('x', '%{WORD:[a][b-c]}', '[a][b-c]')", "'x'"}, {"GROK('x', '%{WORD:w}', 'v')", "NULL"}, {"GROK('x', '%{WORD}')", "MAP()"}, {"GROK('x', '%{WROD:w}')", "!GROK knows no pattern \"WROD\". Did you mean WORD?"}, {"GROK('x', '%{WORD')", "!GROK wants } behind"}, {"GROK('x', '(%{WORD}')", "!not a regular expression"}, {"GROK(NULL, '%{WORD}')", "NULL"},
	{"CUBE_EXPLODE(ARRAY[NULL, 2])", "ARRAY[ARRAY[NULL, NULL], ARRAY[NULL, 2]]"},
}

func TestCases(t *testing.T) {
	for _, c := range calls {
		call, err := compile(readExpr(t, c[0]), nil)
		var got types.Value
		if err == nil {
			got, err = call.eval(nil)
		}
		if c[1][0] == '!' {
			if err == nil || len(err.Error()) < len(c[1])-1 || err.Error()[:len(c[1])-1] != c[1][1:] {
				t.Errorf("%s gives %v, %v, not an error that begins with %q", c[0], got, err, c[1][1:])
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		want, err := compile(readExpr(t, c[1]), nil)
		if err != nil {
			t.Fatal(c[1], err)
		}
		val, err := want.eval(nil)
		if err != nil {
			t.Fatal(c[1], err)
		}
		if standard.Table(readExpr(t, c[0]).op) != nil {
			call.typ = types.TArray(call.typ)
		}
		if conv, err := convert(val, want.typ, call.typ); err == nil {
			val = conv
		}
		if !types.Equal(got, val) && !(types.Text(got, call.typ) == "NaN" && types.Text(val, want.typ) == "NaN") {
			t.Errorf("%s gives %s, not %s", c[0], types.Text(got, call.typ), c[1])
		}
	}
}

func TestLogarithm(t *testing.T) {
	for range 20_000 {
		x := math.Exp(rand.Float64()*1400 - 700)
		got, want := ln(x), math.Log(x)
		if ulp := math.Nextafter(math.Abs(want), math.Inf(1)) - math.Abs(want); math.Abs(got-want) > 1.5*ulp {
			t.Fatalf("ln(%v) = %v, want %v", x, got, want)
		}
	}
	for x, want := range map[float64]float64{0: math.Inf(-1), 1: 0, math.Inf(1): math.Inf(1), math.SmallestNonzeroFloat64: -744.4400719213812, 10: 2.302585092994046, 0.1: -2.3025850929940455} {
		if got := ln(x); got != want {
			t.Errorf("ln(%v) = %v, want %v", x, got, want)
		}
	}
	if !math.IsNaN(ln(-1)) || !math.IsNaN(ln(math.NaN())) {
		t.Error("the logarithm of a negative number, or of none, is a number")
	}
}

func FuzzPatternParse(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2018-05-11T21:58:33.123Z")
	f.Add("[EEE ]d MMM yy hh a z", "Mon 3 Feb 20 01 PM PST")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := parsePattern(pattern)
		if err != nil {
			return
		}
		at, err := p.parse(text, testEnv.Now().Location())
		if err != nil {
			return
		}
		if _, err := p.format(at, allFields); err != nil {
			t.Fatal(err)
		}
	})
}

func benchScalar(b *testing.B, name string, args []Arg, vals ...types.Value) {
	bound, err := standard.Scalar(name).Resolve(args)
	if err != nil {
		b.Fatal(err)
	}
	eval := bound.New(testEnv)
	c := &Call{Args: vals, Meter: NewMeter(nil)}
	b.ReportAllocs()
	for b.Loop() {
		c.Meter.Begin()
		if _, err := eval(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScalars(b *testing.B) {
	s := types.StringValue
	b.Run("UCASE", func(b *testing.B) { benchScalar(b, "UCASE", args(types.TString), s("MiXeD case")) })
	b.Run("SUBSTRING", func(b *testing.B) {
		benchScalar(b, "SUBSTRING", args(types.TString, types.TInteger, types.TInteger), s("hello world"), types.IntValue(2), types.IntValue(5))
	})
	b.Run("CONCAT", func(b *testing.B) {
		benchScalar(b, "CONCAT", args(types.TString, types.TString), s("hello"), s("world"))
	})
	b.Run("ABS", func(b *testing.B) { benchScalar(b, "ABS", args(types.TBigint), types.BigintValue(-5)) })
	b.Run("EXTRACTJSONFIELD", func(b *testing.B) {
		benchScalar(b, "EXTRACTJSONFIELD", args(types.TString, types.TString), s(`{"a":{"x":[1,2,3]},"b":{"c":"found"}}`), s("$.b.c"))
	})
	b.Run("PARSE_TIMESTAMP", func(b *testing.B) {
		benchScalar(b, "PARSE_TIMESTAMP", args(types.TString, types.TString), s("2018-05-11T21:58:33"), s("yyyy-MM-dd'T'HH:mm:ss"))
	})
}
