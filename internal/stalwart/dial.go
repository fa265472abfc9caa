package stalwart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// Dial finds out what the server is, logs in once, and reads permissions and
// limits. It changes nothing. Unless the configuration names the generation,
// credentials are sent only after requests without them have shown which paths
// the server has: older ones count an API key in the wrong place as a failed
// login. Errors: OptionsError, UnreachableError,
// UnauthorizedError, BannedError, ForbiddenError, RateLimitedError,
// WrongGenerationError, MalformedError, TooLargeError.
func Dial(ctx context.Context, o Options) (Server, error) {
	o = o.withDefaults()
	base, t, wish, err := prepare(o)
	if err != nil {
		return nil, err
	}
	s, err := connect(ctx, o, base, t, wish)
	if err != nil {
		t.client.CloseIdleConnections()
		return nil, fmt.Errorf("connect to the mail server at %s: %w", base.Redacted(), err)
	}
	return s, nil
}

// prepare reads all options; nothing is sent.
func prepare(o Options) (*url.URL, *transport, wish, error) {
	base, err := o.base()
	if err != nil {
		return nil, nil, wish{}, err
	}
	w, err := readWish(o.Generation)
	if err != nil {
		return nil, nil, wish{}, err
	}
	creds, err := o.login()
	if err != nil {
		return nil, nil, wish{}, err
	}
	t, err := newTransport(o, base, creds)
	return base, t, w, err
}

// connect detects the generation, unless the configuration names it, and starts
// the implementation for it.
func connect(ctx context.Context, o Options, base *url.URL, t *transport, w wish) (Server, error) {
	old := w.old
	if w.detect {
		found, err := detect(ctx, t)
		if err != nil {
			return nil, err
		}
		old = found
	}
	if old != nil {
		s, err := dialREST(ctx, o, base, t, *old, !w.detect)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s := &jmapServer{http: t, deleteTimeout: o.DeleteTimeout, poll: 200 * time.Millisecond}
	s.info.Generation, s.info.AscendingIDs = GenerationJMAP, true
	if err := s.start(ctx, o); err != nil {
		return nil, err
	}
	return s, nil
}

// start does the requests of Dial, in the order in which each may stop it.
func (s *jmapServer) start(ctx context.Context, o Options) error {
	if err := s.login(ctx); err != nil {
		return err
	}
	if err := s.readAccount(ctx); err != nil {
		return err
	}
	if err := s.readVersion(ctx); err != nil {
		return err
	}
	s.info.Can, s.info.Missing = abilities(s.permissions)
	if s.info.Can.List {
		if err := s.readFingerprint(ctx); err != nil {
			return err
		}
	}
	if err := s.proveSuspend(ctx); err != nil {
		return err
	}
	s.warn(o)
	return nil
}

// wish is what server.generation asks for: detection, 0.16 or later, or an
// older version.
type wish struct {
	detect bool
	old    *span
}

// readWish reads server.generation.
func readWish(generation string) (wish, error) {
	switch g := strings.ToLower(strings.TrimSpace(generation)); {
	case g == "" || g == "auto":
		return wish{detect: true}, nil
	case g == GenerationJMAP || g == "0.16" || strings.HasPrefix(g, "0.16."):
		return wish{}, nil
	default:
		v, err := parseRelease(strings.TrimPrefix(g, "rest-"))
		if err != nil {
			return wish{}, err
		}
		if v.low.minor > 15 {
			return wish{}, &WrongGenerationError{Found: fmt.Sprintf("server.generation is %q", generation)}
		}
		return wish{old: &v}, nil
	}
}

// detect asks without credentials, so that it can neither fail a login nor make
// one, and on paths that no version takes for an attack. 0.3 to 0.12.4 answer
// 401 or 404; 0.12.5 and later give a session without accounts. From 0.16 on that
// has a capability that older ones lack; where it is missing, the old listing
// decides: 404 since 0.16, 401 before. It gives what is known of an older
// version, or nil for 0.16 and later.
func detect(ctx context.Context, t *transport) (*span, error) {
	doc, _, err := t.readSession(ctx, true)
	_, refused := errors.AsType[*UnauthorizedError](err)
	switch {
	case refused || errors.Is(err, errMissing):
		return &upTo0124, t.surveyOld(ctx)
	case err != nil:
		return nil, err
	}
	if _, recent := doc.Capabilities["urn:ietf:params:jmap:emailpush"]; recent {
		return nil, nil
	}
	_, err = t.exchange(ctx, request{method: "GET", path: pathPrincipal, query: "limit=1", anonymous: true})
	if errors.Is(err, errMissing) {
		return nil, nil
	}
	unauthorized, old := errors.AsType[*UnauthorizedError](err)
	_, principals := doc.Capabilities["urn:ietf:params:jmap:principals"]
	switch {
	case old && principals:
		return &from0140, nil
	case old && unauthorized.challenged && t.creds.username == "":
		// Only 0.12 challenges here. An API key would be shown to the directory there,
		// and fail.
		return &is0125, nil
	case old:
		return &from0125, nil
	case err == nil:
		return nil, &WrongGenerationError{Found: "it lists accounts to anybody, so it is another program"}
	}
	return nil, err
}

// readAccount gets the permissions of the credentials and the edition.
func (s *jmapServer) readAccount(ctx context.Context) error {
	var doc struct {
		Permissions []string `json:"permissions"`
		Edition     string   `json:"edition"`
	}
	resp, err := s.http.exchange(ctx, request{method: "GET", path: pathAccount})
	if errors.Is(err, errMissing) {
		return &WrongGenerationError{Found: "it has no " + pathAccount}
	}
	if err != nil {
		return err
	}
	if resp.status != http.StatusOK || json.Unmarshal(resp.body, &doc) != nil || doc.Permissions == nil {
		return &MalformedError{Reason: pathAccount + " does not list permissions"}
	}
	s.info.Edition = s.http.creds.redact(doc.Edition)
	s.permissions = make(map[string]bool, len(doc.Permissions))
	for _, p := range doc.Permissions {
		s.permissions[p] = true
	}
	return nil
}

// readVersion tells the release from where /api/schema redirects to. A server
// that does not redirect is of an unknown release.
func (s *jmapServer) readVersion(ctx context.Context) error {
	resp, err := s.http.exchange(ctx, request{method: "GET", path: pathSchema})
	if errors.Is(err, errMissing) {
		s.info.Version = unknownVersion
		return nil
	}
	if err != nil {
		return err
	}
	s.info.Version = versionOf(resp.header.Get("Location"))
	return nil
}

// readFingerprint hashes the URL with the oldest domain, which is there from
// the beginning and has another creation time on every other server.
func (s *jmapServer) readFingerprint(ctx context.Context) error {
	domains, err := s.readDomains(ctx)
	if err != nil {
		return err
	}
	text := s.http.base.String()
	if len(domains) > 0 {
		text += "\n" + domains[0].ID + "\n" + domains[0].CreatedAt
	}
	sum := sha256.Sum256([]byte(text))
	s.info.Fingerprint = "sha256:" + hex.EncodeToString(sum[:16])
	return nil
}

// allowedSkew is how far the clocks may differ before a warning.
const allowedSkew = 2 * time.Minute

// warn collects what is worth a line for people.
func (s *jmapServer) warn(o Options) {
	add := func(code, message, hint string) {
		s.info.Warnings = append(s.info.Warnings, reconcile.Reason{Code: code, Message: message, Hint: hint})
	}
	s.info.Warnings = commonWarnings(o, s.http, s.info.Skew)
	if leakyVersions[s.info.Version] {
		add("old-release", "Stalwart "+s.info.Version+" has a known hole in the rights of API keys", "upgrade to 0.16.15 or later")
	}
	if s.info.Self == recoveryAdmin {
		add("recovery-admin", "the login is the recovery administrator", "make an account with an API key of limited permissions for syncagent")
	}
}

// commonWarnings are those of every generation.
func commonWarnings(o Options, t *transport, skew time.Duration) []reconcile.Reason {
	var out []reconcile.Reason
	if skew.Abs() > allowedSkew {
		out = append(out, reconcile.Reason{
			Code: "clock-skew", Message: fmt.Sprintf("the clocks of this host and of the mail server differ by %s", skew.Abs()),
			Hint: "set both with NTP; creation times are compared",
		})
	}
	if o.TLS.InsecureSkipVerify && t.base.Scheme == "https" {
		out = append(out, reconcile.Reason{
			Code: "insecure-tls", Message: "the certificate of the mail server is not checked",
			Hint: "use server.tls.ca_file instead of insecure_skip_verify",
		})
	}
	return out
}
