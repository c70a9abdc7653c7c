#!/usr/bin/env bash
# gofakes3 1.2.0 stores what minio-go 7.4.1 uploads without a known size with the signatures of the chunks in it: five bytes become 177, 12 MB get
# 17 KB more, and neither side reports an error. minio-go sends such objects as multipart uploads whose parts are signed chunk by chunk; gofakes3
# undoes that for a plain PUT and not for a part. What has a known size is stored right, with "aws-chunked" left in its Content-Encoding, which
# whoever reads it may take for a compression. The AWS SDK's uploader in the same test is stored right.
#
# Who meets it: tests of a sink that streams files of unknown length to S3: the file is there, of about the right size, and Avro, Parquet or gzip
# readers say that it is damaged. With a real S3 it is right.
#
# Guessed before: that both are stored as they are; the doubt was about the checksums in trailers that the AWS SDK sends, and these are fine.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'E'
module chunks

go 1.25

require (
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/aws/aws-sdk-go-v2/credentials v1.21.0
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.10
	github.com/johannesboyne/gofakes3 v1.2.0
	github.com/minio/minio-go/v7 v7.4.1
)
E
cat >main.go <<'E'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer server.Close()
	ctx := context.Background()
	sdk := s3.New(s3.Options{BaseEndpoint: aws.String(server.URL), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	_, err := sdk.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	must(err)
	client, err := minio.New(strings.TrimPrefix(server.URL, "http://"), &minio.Options{Creds: miniocredentials.NewStaticV4("key", "secret", ""), Region: "us-east-1"})
	must(err)

	_, err = sdk.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("sdk"), Body: strings.NewReader("hello")})
	must(err)
	_, err = client.PutObject(ctx, "bucket", "minio, size known", strings.NewReader("hello"), 5, minio.PutObjectOptions{})
	must(err)
	_, err = client.PutObject(ctx, "bucket", "minio, size unknown", io.MultiReader(strings.NewReader("hello")), -1, minio.PutObjectOptions{})
	must(err)
	big := bytes.Repeat([]byte("0123456789abcdef"), 12<<16)
	_, err = client.PutObject(ctx, "bucket", "minio, 12 MB, size unknown", io.MultiReader(bytes.NewReader(big)), -1, minio.PutObjectOptions{PartSize: 5 << 20})
	must(err)

	for _, key := range []string{"sdk", "minio, size known", "minio, size unknown", "minio, 12 MB, size unknown"} {
		got, err := sdk.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String(key)})
		must(err)
		data, err := io.ReadAll(got.Body)
		must(err)
		fmt.Printf("%s: %d bytes, Content-Encoding %q, chunk signatures inside: %t\n", key, len(data), aws.ToString(got.ContentEncoding), bytes.Contains(data, []byte("chunk-signature=")))
	}
}
E
export GOFLAGS=-mod=mod
go mod tidy 2>/dev/null
go list -m github.com/johannesboyne/gofakes3 github.com/minio/minio-go/v7 github.com/aws/aws-sdk-go-v2/service/s3
go run . | tee out
diff out - <<'E' || { echo "this has changed"; exit 1; }
sdk: 5 bytes, Content-Encoding "", chunk signatures inside: false
minio, size known: 5 bytes, Content-Encoding "aws-chunked", chunk signatures inside: false
minio, size unknown: 177 bytes, Content-Encoding "", chunk signatures inside: true
minio, 12 MB, size unknown: 12600450 bytes, Content-Encoding "", chunk signatures inside: true
E
