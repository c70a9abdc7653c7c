package security

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// Kinds of stores, by what stands at their beginning.
type storeKind uint8

const (
	pemStore storeKind = iota
	jksStore
	pkcs12Store
)

var errNoStore = errors.New("expected a store of certificates: PEM, PKCS12 or JKS")

func kindOf(data []byte) (storeKind, error) {
	switch {
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return pemStore, nil
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		return jksStore, nil
	case bytes.HasPrefix(data, []byte{0xce, 0xce, 0xce, 0xce}):
		return 0, errors.New("it is a JCEKS store: expected PEM, PKCS12 or JKS, which keytool -importkeystore makes of it")
	case bytes.HasPrefix(data, []byte{0x30}):
		return pkcs12Store, nil
	}
	return 0, errNoStore
}

// readTrust are the certificates of authorities in a store.
func readTrust(data []byte, password string) ([]*x509.Certificate, error) {
	kind, err := kindOf(data)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	switch kind {
	case pemStore:
		out, err = pemCertificates(data)
	case jksStore:
		out, err = jksTrust(data, password)
	case pkcs12Store:
		out, err = pkcs12.DecodeTrustStore(data, password)
		err = wrongPassword(err, password)
	}
	if err == nil && len(out) == 0 {
		err = errors.New("it holds no certificate of an authority")
	}
	return out, err
}

func pemCertificates(data []byte) (out []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

func wrongPassword(err error, password string) error {
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return errors.New("it has a password, and none is given")
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return errors.New("its password is another one")
	}
	return err
}

func openJKS(data []byte, password string) (keystore.KeyStore, error) {
	ks := keystore.New(keystore.WithOrderedAliases())
	if err := ks.Load(bytes.NewReader(data), []byte(password)); err != nil {
		if password == "" {
			return ks, errors.New("it has a password, and none is given")
		}
		return ks, fmt.Errorf("its password is another one, or it is damaged: %w", err)
	}
	return ks, nil
}

func jksTrust(data []byte, password string) (out []*x509.Certificate, err error) {
	ks, err := openJKS(data, password)
	if err != nil {
		return nil, err
	}
	for _, alias := range ks.Aliases() {
		if !ks.IsTrustedCertificateEntry(alias) {
			continue
		}
		entry, err := ks.GetTrustedCertificateEntry(alias)
		if err != nil {
			return nil, err
		}
		c, err := x509.ParseCertificate(entry.Certificate.Content)
		if err != nil {
			return nil, fmt.Errorf("the entry %q: %w", alias, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// readKey is the certificate with its chain and its key in a store. The key's own password is that of the store where it is empty.
func readKey(data []byte, password, keyPassword string) (tls.Certificate, error) {
	kind, err := kindOf(data)
	if err != nil {
		return tls.Certificate{}, err
	}
	switch kind {
	case pemStore:
		return pemPair(data, data, keyPassword)
	case jksStore:
		return jksKey(data, password, keyPassword)
	case pkcs12Store:
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return tls.Certificate{}, wrongPassword(err, password)
	}
	return pair(key, append([]*x509.Certificate{leaf}, chain...))
}

func jksKey(data []byte, password, keyPassword string) (tls.Certificate, error) {
	ks, err := openJKS(data, password)
	if err != nil {
		return tls.Certificate{}, err
	}
	i := slices.IndexFunc(ks.Aliases(), ks.IsPrivateKeyEntry)
	if i < 0 {
		return tls.Certificate{}, errors.New("it holds no key")
	}
	if keyPassword == "" {
		keyPassword = password
	}
	entry, err := ks.GetPrivateKeyEntry(ks.Aliases()[i], []byte(keyPassword))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the password of the key %q is another one: %w", ks.Aliases()[i], err)
	}
	key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	var chain []*x509.Certificate
	for _, c := range entry.CertificateChain {
		parsed, err := x509.ParseCertificate(c.Content)
		if err != nil {
			return tls.Certificate{}, err
		}
		chain = append(chain, parsed)
	}
	return pair(key, chain)
}

// pair is a key with its chain, leaf first.
func pair(key any, chain []*x509.Certificate) (tls.Certificate, error) {
	if len(chain) == 0 {
		return tls.Certificate{}, errors.New("the key has no certificate")
	}
	out := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return out, fmt.Errorf("the key is of a kind that TLS has no use for: %T", key)
	}
	if public, ok := chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(signer.Public()) {
		return out, errors.New("the key is not that of the certificate")
	}
	for _, c := range chain {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out, nil
}

// pemPair is a chain with its key in PEM; the key may be encrypted, as PKCS #8 has it.
func pemPair(chain, key []byte, password string) (tls.Certificate, error) {
	for rest := key; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "RSA PRIVATE KEY" && block.Headers["DEK-Info"] != "" {
			return tls.Certificate{}, errors.New("the key is encrypted in the old way of OpenSSL: expected PKCS #8, which openssl pkcs8 -topk8 makes of it")
		}
		if block.Type != "ENCRYPTED PRIVATE KEY" {
			continue
		}
		if password == "" {
			return tls.Certificate{}, errors.New("the key is encrypted: expected its password in ssl.key.password")
		}
		parsed, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte(password))
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("the key cannot be decrypted, so that the password is another one: %w", err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(parsed)
		if err != nil {
			return tls.Certificate{}, err
		}
		key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		break
	}
	return tls.X509KeyPair(chain, key)
}
