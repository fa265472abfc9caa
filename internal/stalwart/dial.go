package stalwart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// Dial finds out what the server is, logs in once, and reads permissions and
// limits. It changes nothing. Credentials are sent only after requests without
// them have shown a server of 0.16 or later, since older ones count an API key
// on these paths as a failed login. Errors: OptionsError, UnreachableError,
// UnauthorizedError, BannedError, ForbiddenError, RateLimitedError,
// WrongGenerationError, MalformedError, TooLargeError.
func Dial(ctx context.Context, o Options) (Server, error) {
	s, err := dial(ctx, o.withDefaults())
	if err != nil {
		return nil, err
	}
	return s, nil
}

func dial(ctx context.Context, o Options) (*jmapServer, error) {
	base, err := o.base()
	if err != nil {
		return nil, err
	}
	detect, err := wantsDetection(o.Generation)
	if err != nil {
		return nil, err
	}
	creds, err := o.login()
	if err != nil {
		return nil, err
	}
	t, err := newTransport(o, base, creds)
	if err != nil {
		return nil, err
	}
	s := &jmapServer{http: t, deleteTimeout: o.DeleteTimeout, poll: 200 * time.Millisecond}
	s.info.Generation = GenerationJMAP
	if err := s.start(ctx, detect, o); err != nil {
		s.Close()
		return nil, fmt.Errorf("connect to the mail server at %s: %w", base.Redacted(), err)
	}
	return s, nil
}

// start does the requests of Dial, in the order in which each may stop it.
func (s *jmapServer) start(ctx context.Context, detect bool, o Options) error {
	if detect {
		if err := s.detect(ctx); err != nil {
			return err
		}
	}
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

// wantsDetection reads server.generation.
func wantsDetection(generation string) (bool, error) {
	switch g := strings.ToLower(strings.TrimSpace(generation)); {
	case g == "" || g == "auto":
		return true, nil
	case g == GenerationJMAP || g == "0.16" || strings.HasPrefix(g, "0.16."):
		return false, nil
	}
	return false, &WrongGenerationError{Found: fmt.Sprintf("server.generation is %q", generation)}
}

// detect asks without credentials. 0.8 to 0.12.4 answer 401 or 404; 0.12.5 and
// later give a session without accounts. From 0.16 on that has a capability
// that older ones lack; where it is missing, the old listing decides: 404 since
// 0.16, 401 before.
func (s *jmapServer) detect(ctx context.Context) error {
	doc, _, err := s.readSession(ctx, true)
	_, refused := errors.AsType[*UnauthorizedError](err)
	switch {
	case refused || errors.Is(err, errMissing):
		return &WrongGenerationError{Found: "it has no public " + pathSession + " (Stalwart 0.12.4 or older, or another program)"}
	case err != nil:
		return err
	}
	if _, recent := doc.Capabilities["urn:ietf:params:jmap:emailpush"]; recent {
		return nil
	}
	_, err = s.http.exchange(ctx, request{method: "GET", path: pathPrincipal, query: "limit=1", anonymous: true})
	if errors.Is(err, errMissing) {
		return nil
	}
	if _, old := errors.AsType[*UnauthorizedError](err); old || err == nil {
		return &WrongGenerationError{Found: "it still has " + pathPrincipal + " (Stalwart 0.15 or older)"}
	}
	return err
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
	if s.info.Skew.Abs() > allowedSkew {
		add("clock-skew", fmt.Sprintf("the clocks of this host and of the mail server differ by %s", s.info.Skew.Abs()),
			"set both with NTP; creation times are compared")
	}
	if o.TLS.InsecureSkipVerify && s.http.base.Scheme == "https" {
		add("insecure-tls", "the certificate of the mail server is not checked", "use server.tls.ca_file instead of insecure_skip_verify")
	}
	if leakyVersions[s.info.Version] {
		add("old-release", "Stalwart "+s.info.Version+" has a known hole in the rights of API keys", "upgrade to 0.16.15 or later")
	}
	if s.info.Self == recoveryAdmin {
		add("recovery-admin", "the login is the recovery administrator", "make an account with an API key of limited permissions for syncagent")
	}
}
