package s3sink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"weir/connectors/connector"
)

// connect makes the client. Nothing is sent yet.
func connect(env connector.Env, v connector.Values) (*minio.Client, *http.Transport, error) {
	server, err := endpoint(v)
	if err != nil {
		return nil, nil, err
	}
	secure := server.Scheme == "https"
	creds, err := keys(env, v)
	if err != nil {
		return nil, nil, err
	}
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, nil, err
	}
	client, err := minio.New(server.Host, &minio.Options{
		Creds: creds, Secure: secure, Region: v.Text("s3.region"), Transport: transport,
		MaxRetries: 1, // the runtime tries again, and says so
	})
	if err != nil {
		return nil, nil, fmt.Errorf("property '%s': %w", propURL, err)
	}
	client.SetAppInfo("weir", "1")
	return client, transport, nil
}

// endpoint is the server's address.
func endpoint(v connector.Values) (*url.URL, error) {
	text, from := v.Text(propURL), "property '"+propURL+"'"
	for _, name := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		if text == "" {
			text, from = os.Getenv(name), "the environment's "+name
		}
	}
	if text == "" {
		text, from = "https://s3."+v.Text("s3.region")+".amazonaws.com", "property 's3.region'"
	}
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%s: expected an address such as https://s3.example or http://127.0.0.1:9000, without a path", from)
	}
	return u, nil
}

// keys are what requests are signed with. A connector that was made over the HTTP API must not act as the one who runs the node, unless
// that one has given it keys.
func keys(env connector.Env, v connector.Values) (*credentials.Credentials, error) {
	id, secret := v.Text(propID), v.Text(propSecret)
	if (id == "") != (secret == "") {
		return nil, fmt.Errorf("the properties '%s' and '%s' go together", propID, propSecret)
	}
	if id == "" && env.Confined {
		if id, secret = os.Getenv("WEIR_SECRET_AWS_ACCESS_KEY_ID"), os.Getenv("WEIR_SECRET_AWS_SECRET_ACCESS_KEY"); id == "" || secret == "" {
			return nil, fmt.Errorf("a connector that is made over the HTTP API needs the properties '%s' and '%s', or the variables WEIR_SECRET_AWS_ACCESS_KEY_ID and "+
				"WEIR_SECRET_AWS_SECRET_ACCESS_KEY in the server's environment", propID, propSecret)
		}
	}
	if id != "" {
		return credentials.NewStaticV4(id, secret, ""), nil
	}
	return credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}}), nil
}

// probe sees that the bucket is there and that the server knows the keys.
func (s *sink) probe(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.bucket)
	if err == nil && !there {
		return connector.Userf("there is no bucket %s at %s: create it, or mend '%s', 's3.region' or '%s'", s.bucket, s.client.EndpointURL(), propBucket, propURL)
	}
	if err == nil || minio.ToErrorResponse(err).StatusCode != http.StatusForbidden {
		return s.judged(err)
	}
	// The answer has no reason, as it has no body; and a key that may only write gets it as well.
	listing, stop := context.WithCancel(ctx)
	defer stop()
	first := <-s.client.ListObjects(listing, s.bucket, minio.ListObjectsOptions{MaxKeys: 1})
	if first.Err == nil || minio.ToErrorResponse(first.Err).Code == minio.AccessDenied {
		return nil
	}
	return s.judged(first.Err)
}

// judged makes an error that fails the connector of one that trying again will not cure.
func (s *sink) judged(err error) error {
	if err == nil {
		return nil
	}
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) || answer.StatusCode == 0 && answer.Code == "" {
		return fmt.Errorf("%s: %w", s.client.EndpointURL().Host, err)
	}
	text := fmt.Sprintf("%s answers %s for bucket %s: %s", s.client.EndpointURL().Host, answer.Code, s.bucket, answer.Message)
	switch answer.Code {
	case "RequestTimeout", "SlowDown", "OperationAborted", "InternalError", "ServiceUnavailable", "NoSuchUpload":
		return errors.New(text)
	}
	switch status := answer.StatusCode; {
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return errors.New(text)
	}
	return connector.Userf("%s", text)
}
