package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/redact"
)

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAplantedPLANTED0001\nMIIEowIBAAKCAQEAplantedPLANTED0002\n-----END RSA PRIVATE KEY-----"

// What looks like a secret is redacted though nobody named it; what does not, is left.
func TestLooks(t *testing.T) {
	r := redact.New()
	for _, c := range []struct{ text, want string }{
		{"password=hunter2", "password=[redacted]"},
		{"DB_PASSWORD: hunter2, next", "DB_PASSWORD: [redacted], next"},
		{"db_pass=hunter2 user=x", "db_pass=[redacted] user=x"},
		{`{"password":"hun\"ter2","x":1}`, `{"password":"[redacted]","x":1}`},
		{`{"apiKey": "k", "api-key":"k2","API_KEY":'k3'}`, `{"apiKey": "[redacted]", "api-key":"[redacted]","API_KEY":'[redacted]'}`},
		{`msg="{\"token\":\"abc\",\"x\":1}"`, `msg="{\"token\":\"[redacted]\",\"x\":1}"`},
		{`{"pin":1,"secret":1234}`, `{"pin":1,"secret":[redacted]}`},
		{"GET /x?access_token=abc&y=2 HTTP/1.1", "GET /x?access_token=[redacted]&y=2 HTTP/1.1"},
		{"availability.during[GET /x?token=abc]", "availability.during[GET /x?token=[redacted]]"},
		{"run --password hunter2 --user x", "run --password [redacted] --user x"},
		{"run --api-key=k1", "run --api-key=[redacted]"},
		{"<password>hunter2</password>", "<password>[redacted]</password>"},
		{"postgres://app:hunter2@db:5432/x", "postgres://app:[redacted]@db:5432/x"},
		{"redis://:hunter2@r", "redis://:[redacted]@r"},
		{"https://u:p@ss@h/x?mail=a@b.example", "https://u:[redacted]@h/x?mail=a@b.example"},
		{"https://u:pa/ss@h/", "https://u:[redacted]@h/"},
		{"https://abcdefghijklmnopqrstuvwx@h/", "https://[redacted]@h/"},
		{"dsn app:hunter2@tcp(db:3306)/x", "dsn app:[redacted]@tcp(db:3306)/x"},
		{"dial app:hunter2@rabbit:5672: refused", "dial app:[redacted]@rabbit:5672: refused"},
		{"Authorization: Bearer abc.def-1", "Authorization: Bearer [redacted]"},
		{`"authorization": "Basic YWxpY2U6aHVudGVyMg=="`, `"authorization": "Basic [redacted]"`},
		{"map[Authorization:[Bearer abc]]", "map[Authorization:[Bearer [redacted]]]"},
		{"authorization=plain", "authorization=[redacted]"},
		{"Authorization: Digest username=\"a\", response=\"b\"\nnext", "Authorization: Digest [redacted]\nnext"},
		{"with Basic YWxpY2U6aHVudGVyMg== it works", "with Basic [redacted] it works"},
		{"Cookie: session=abc; theme=dark\nnext", "Cookie: [redacted]\nnext"},
		{"set-cookie: sid=abc; Path=/", "set-cookie: [redacted]"},
		{"x " + pem + " y", "x [redacted] y"},
		{strings.ReplaceAll(pem, "\n", `\n`), "[redacted]"},
		{pem[:85], "[redacted]"},
		{"a\n" + pem[40:], "a\n[redacted]"},
		{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x", "jwt [redacted] x"},
		{"AKIAABCDEFGHIJKLMNOP", "[redacted]"},
		{"ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"},
		{`sasl.jaas.config=PlainLoginModule required username="a" password="hunter2";`, `sasl.jaas.config=PlainLoginModule required username="a" password="[redacted]";`},

		{"", ""},
		{"3 of 8 ids never took effect in mailbox; look at session.timeout.ms", "3 of 8 ids never took effect in mailbox; look at session.timeout.ms"},
		{"user-events/2@88 analytics/1→kafka:9092 12:30:05 a@b.example", "user-events/2@88 analytics/1→kafka:9092 12:30:05 a@b.example"},
		{"http://127.0.0.1:8080/x?mail=a@b.example", "http://127.0.0.1:8080/x?mail=a@b.example"},
		{"http://${api}/x?mail=a@b.example", "http://${api}/x?mail=a@b.example"},
		{"postgres://app:${secret:X}@db/x token=${secret:Y} password=[redacted]", "postgres://app:${secret:X}@db/x token=${secret:Y} password=[redacted]"},
		{"token_ttl=5m PASSWORD_FILE=/run/x max_tokens_limit: 3 PWD=/work", "token_ttl=5m PASSWORD_FILE=/run/x max_tokens_limit: 3 PWD=/work"},
		{"password=\nsecret: null token=true", "password=\nsecret: null token=true"},
		{"Basic authentication failed for the bearer of bad news", "Basic authentication failed for the bearer of bad news"},
		{"key=u001 partition key: 7 passed: 3", "key=u001 partition key: 7 passed: 3"},
	} {
		if got := r.Text(c.text); got != c.want {
			t.Errorf("%q\n becomes %q\n    want %q", c.text, got, c.want)
		}
		if once := r.Text(c.text); r.Text(once) != once {
			t.Errorf("%q, and again %q", once, r.Text(once))
		}
	}
}

// A secret that the redactor holds is found wherever and however it is spelt.
func TestSpellings(t *testing.T) {
	for _, secret := range []string{
		"hunter2-S3CRET", `p"a\ss<wo>rd&1`, "with space/and+plus%", "päss-wörd", "swordfish", "Swordfish99", "line-one-of-it\nline-two-of-it", "0123456789", `"quoted"1`, "tab\tin1",
	} {
		r := redact.New()
		name := r.Hold("PASSWORD", secret)
		coded := func(v any) string {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		for _, text := range []string{
			secret, "x " + secret + " y", "x=" + secret + ";", `"` + secret + `"`, coded(secret), coded(coded(secret)), fmt.Sprintf("%q", secret),
			"/x?a=" + url.QueryEscape(secret), "/" + url.PathEscape(secret), url.QueryEscape(":" + secret + "@"), strings.ToLower(url.QueryEscape("/")) + url.QueryEscape(secret),
			"http://" + url.UserPassword("a", secret).String() + "@h", html.EscapeString(secret),
			base64.StdEncoding.EncodeToString([]byte("alice:" + secret)), base64.StdEncoding.EncodeToString([]byte("bo:" + secret)), base64.URLEncoding.EncodeToString([]byte("c:" + secret)),
			base64.StdEncoding.EncodeToString([]byte("d:" + secret + "\n")), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
			"at " + strings.ReplaceAll(secret, "\n", "\nat "),
		} {
			got := r.Text(text)
			for _, line := range strings.Split(secret, "\n") {
				for _, leaked := range []string{line, url.QueryEscape(line), strings.Trim(coded(line), `"`), fmt.Sprintf("%x", line), base64.RawStdEncoding.EncodeToString([]byte(line))[:6]} {
					if strings.Contains(strings.ToLower(got), strings.ToLower(leaked)) {
						t.Errorf("%q becomes %q, which has %q", text, got, leaked)
					}
				}
			}
		}
		if got := r.Text(secret); got != breakwater.Secret(name) && !strings.Contains(secret, "\n") {
			t.Errorf("%q itself becomes %q", secret, got)
		}
	}
}

// Other languages spell otherwise than Go.
func TestSpellingsOfOtherLanguages(t *testing.T) {
	r := redact.New()
	r.Hold("PASSWORD", "пароль-'S3CRET'")
	for what, text := range map[string]string{
		"Python's JSON":          `{"a":"\u043f\u0430\u0440\u043e\u043b\u044c-'S3CRET'"}`,
		"in a string of another": `{"b":"{\"a\":\"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c-'S3CRET'\"}"}`,
		"Python's bytes":         `b'\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c-\'S3CRET\''`,
		"Python's repr":          `'пароль-\'S3CRET\''`,
		"Python's HTML":          `пароль-&#x27;S3CRET&#x27;`,
		"in capitals":            `ПАРОЛЬ-'S3CRET'`,
		"in small letters":       `пароль-'s3cret'`,
	} {
		if got := r.Text(text); strings.Contains(strings.ToUpper(got), "S3CRET") {
			t.Errorf("%s: %s becomes %s", what, text, got)
		}
	}
}

// What is short, a number or an ordinary word is a secret where it is a value only.
func TestSentencesStayReadable(t *testing.T) {
	r := redact.New("billing")
	for _, s := range []string{"a", "abc", "1234", "postgres", "billing", "swordfish"} {
		r.Hold("PASSWORD", s)
	}
	for text, want := range map[string]string{
		"a cab of 1234 at postgres:5432 in billing": "a cab of 1234 at postgres:5432 in billing",
		"password=abc&x":                  "password=${secret:PASSWORD_2}&x",
		"postgres://postgres:postgres@db": "postgres://postgres:${secret:PASSWORD_4}@db",
		"swordfishes, a swordfish":        "swordfishes, a ${secret:PASSWORD_6}",
		`\nswordfish%3Aswordfish%40`:      `\n${secret:PASSWORD_6}%3A${secret:PASSWORD_6}%40`,
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := r.Value("DB_PASSWORD", "a"); got != "${secret:PASSWORD}" {
		t.Errorf("a value: %q", got)
	}
}

const document = `{"services":[{"name":"api","env":{"PASSWORD":"hunter2-S3CRET","DATABASE_URL":"postgres://app:p%40ss-1@db/x","LEVEL":"info","PWD":"/work","TOKEN_TTL":"5m","HOST":"${kafka}"},` +
	`"program":{"args":["--password","x","--api-key=k-1-2","--verbose"]},"needs":[{"to":"database"}]},` +
	`{"name":"web","env":{"PASSWORD":"other-S3CRET","COPY":"hunter2-S3CRET","TOKEN":"pre-${id}"}}],` +
	`"requests":[{"service":"api","path":"/x?token=ab&id=${id}","header":{"Authorization":"Bearer TOK-S3CRET","Cookie":"sid=abcdefgh1; theme=dark","X-Token":"${id}"},"body":"{\"password\":\"b0dy-S3CRET\",\"id\":\"${id}\"}"}],"seed":7}`

// What was taken out of a document is filled in again, to the byte.
func TestDocument(t *testing.T) {
	r := redact.New("api", "web")
	if err := r.Collect([]byte(document)); err != nil {
		t.Fatal(err)
	}
	redacted, err := r.Document([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"S3CRET", "p%40ss", "p@ss", `"x"`, "k-1-2", "token=ab", "abcdefgh1", "pre-"} {
		if strings.Contains(string(redacted), secret) {
			t.Errorf("%s has %q", redacted, secret)
		}
	}
	for _, kept := range []string{`"LEVEL":"info"`, `"PWD":"/work"`, `"TOKEN_TTL":"5m"`, `"HOST":"${kafka}"`, `"X-Token":"${id}"`, "postgres://app:${secret:", "@db/x", "Bearer ${secret:AUTHORIZATION}", `"seed":7`, "id=${id}"} {
		if !strings.Contains(string(redacted), kept) {
			t.Errorf("%s lacks %q", redacted, kept)
		}
	}
	names := breakwater.SecretsIn(string(redacted))
	values := map[string]string{}
	for _, name := range names { // as somebody knows them who has them
		values[name] = secretOf(t, r, name)
	}
	again, missing, err := redact.Resolve(redacted, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
	if err != nil || len(missing) > 0 {
		t.Fatalf("missing %q, %v", missing, err)
	}
	var was, is any
	_ = json.Unmarshal([]byte(document), &was)
	_ = json.Unmarshal(again, &is)
	if fmt.Sprint(was) != fmt.Sprint(is) {
		t.Errorf("it became\n%s, not\n%s", again, document)
	}
	if twice, err := r.Document(redacted); err != nil || string(twice) != string(redacted) {
		t.Errorf("redacted twice it is %s, %v", twice, err)
	}
	_, missing, err = redact.Resolve(redacted, func(string) (string, bool) { return "", true })
	if err != nil || len(missing) != len(names) {
		t.Errorf("missing %q of %q, %v", missing, names, err)
	}
	if _, _, err := redact.Resolve(redacted, func(string) (string, bool) { return "a${id}", true }); err == nil {
		t.Error("a secret with a reference would be filled in twice")
	}
}

// secretOf asks which of the known values is called so.
func secretOf(t *testing.T, r *redact.Redactor, name string) string {
	for _, v := range []string{"hunter2-S3CRET", "p%40ss-1", "x", "k-1-2", "other-S3CRET", "ab", "TOK-S3CRET", "sid=abcdefgh1; theme=dark", "b0dy-S3CRET", "pre-"} {
		if r.Value("password", v) == breakwater.Secret(name) {
			return v
		}
	}
	t.Errorf("nothing is called %s", name)
	return ""
}

func TestNames(t *testing.T) {
	r := redact.New()
	for _, c := range []struct{ label, value, want string }{
		{"X-Api-Key", "v1", "X_API_KEY"}, {"apiKey", "v2", "API_KEY"}, {"apiKey", "v2", "API_KEY"}, {"API_KEY", "v3", "API_KEY_2"}, {"", "v4", "SECRET"}, {"1st", "v5", "_1ST"}, {"ключ", "v6", "SECRET_2"},
	} {
		if got := r.Hold(c.label, c.value); got != c.want || !breakwater.IsSecret("secret:"+got) {
			t.Errorf("%q is called %q, want %q", c.label, got, c.want)
		}
	}
	for _, inner := range []string{"secret:", "secret:a b", "secret:1", "kafka", "secret:A}${secret:B"} {
		if breakwater.IsSecret(inner) {
			t.Errorf("${%s} refers to a secret", inner)
		}
	}
}

func TestError(t *testing.T) {
	r := redact.New()
	r.Hold("PASSWORD", "hunter2-S3CRET")
	err := r.Error(fmt.Errorf("start api: password hunter2-S3CRET: %w", fs.ErrNotExist))
	if err.Error() != "start api: password ${secret:PASSWORD}: file does not exist" || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if r.Error(nil) != nil || r.Error(fs.ErrExist) != fs.ErrExist { //nolint:errorlint // the very same
		t.Error("what has no secret is another error")
	}
}

// Whatever the text is, the secret is not in it afterwards, and redacting is done once.
func FuzzText(f *testing.F) {
	f.Add("password=", "hunter2-S3CRET", "&x")
	f.Add("http://a:", "p@ss/w0rd", "@h")
	f.Add(`{"token":"`, `a"b\c1`, `"}`)
	const signs = "${secret:X}" + redact.Unnamed
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		r := redact.New()
		r.Hold("X", secret)
		got := r.Text(before + secret + after)
		strong := len(secret) >= 8 && strings.ContainsAny(secret, "-_!") && strings.ContainsAny(secret, "abc") && !strings.Contains(signs, secret)
		if strong && strings.Contains(strings.NewReplacer("${secret:X}", "\x00", redact.Unnamed, "\x00").Replace(got), secret) {
			t.Errorf("%q has %q", got, secret)
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(document))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := redact.New()
		if r.Collect(b) != nil {
			return
		}
		redacted, err := r.Document(b)
		if err != nil || !json.Valid(redacted) {
			t.Errorf("%q becomes %q, %v", b, redacted, err)
		}
	})
}

func ExampleRedactor_Text() {
	r := redact.New()
	r.Hold("PASSWORD", "hunter2-S3CRET")
	fmt.Println(r.Text("dial postgres://app:hunter2-S3CRET@db: refused; token=abc"))
	// Output: dial postgres://app:${secret:PASSWORD}@db: refused; token=[redacted]
}

func ExampleResolve() {
	filled, missing, err := redact.Resolve([]byte(`{"PASSWORD":"${secret:SHOP_PASSWORD}"}`), func(string) (string, bool) { return "hunter2", true })
	fmt.Println(string(filled), missing, err)
	// Output: {"PASSWORD":"hunter2"} [] <nil>
}
