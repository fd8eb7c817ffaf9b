package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"maestro/internal/signature"
	"maestro/repo"
)

const (
	connectTime = 5 * time.Second
	// maxAnswer bounds the part of an answer that is read. It is not kept: it would show the
	// pages of addresses that only the server reaches.
	maxAnswer = 64 << 10
)

// newClient makes the client of receivers. It connects to no address that is refused, under
// any name, follows no redirect and uses no proxy of the environment.
func (a *Alerts) newClient() *http.Client {
	dialer := &net.Dialer{Timeout: connectTime, Control: func(_, address string, _ syscall.RawConn) error { return a.refused(address) }}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTime, MaxResponseHeaderBytes: maxAnswer,
			DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// refusedError says that messages may not be sent to an address.
type refusedError struct{ cause error }

func (e *refusedError) Error() string { return e.cause.Error() }

func (a *Alerts) refused(address string) error {
	if a.opts.Refuse == nil {
		return nil
	}
	to, err := netip.ParseAddrPort(address)
	if err == nil {
		err = a.opts.Refuse(to)
	}
	if err != nil {
		return &refusedError{err}
	}
	return nil
}

// post sends a message to the address of a setting.
func (a *Alerts) post(ctx context.Context, d *repo.Delivery, setting *Setting) outcome {
	ctx, cancel := context.WithTimeout(ctx, a.opts.SendTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, setting.URL, bytes.NewReader(d.Payload))
	if err != nil {
		return outcome{err: errors.New("the url is invalid; correct it"), final: true}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "maestro/"+a.opts.Version)
	if err := a.sign(ctx, request.Header, d, setting); err != nil {
		return outcome{err: err}
	}
	response, err := a.client.Do(request)
	if err != nil {
		return outcome{err: a.sendError(err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // so that the receiver can finish; the answer counts without it
	result := outcome{code: response.StatusCode}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return result
	}
	result.err = fmt.Errorf("the receiver answered %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	result.final = response.StatusCode == http.StatusGone
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		result.err = fmt.Errorf("%w; redirects are not followed, set url to the new address", result.err)
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		result.after = time.Duration(min(seconds, 24*60*60)) * time.Second
	}
	return result
}

// sign sets the headers of Standard Webhooks. The time is that of the attempt.
func (a *Alerts) sign(ctx context.Context, header http.Header, d *repo.Delivery, setting *Setting) error {
	known, err := a.opts.Secrets.Of(ctx, d.Tenant)
	if err != nil {
		return errors.New("the secrets can't be read at present")
	}
	secrets := make([][]byte, 0, len(setting.SecretNames))
	for _, name := range setting.SecretNames {
		value, found := known.Value(name)
		if !found {
			return fmt.Errorf("there is no secret %q to sign with; store it, or change secret_name", name)
		}
		secrets = append(secrets, []byte(value))
	}
	return signature.SignStandard(header, d.ID.String(), a.now(), d.Payload, secrets)
}

// sendError says why there was no answer, without the address, which may hold a token.
func (a *Alerts) sendError(err error) error {
	var refused *refusedError
	var name *net.DNSError
	var broken *net.OpError
	var outer *url.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the receiver did not answer within %v", a.opts.SendTime)
	case errors.As(err, &name):
		return errors.New("the name of the receiver can't be resolved")
	case errors.As(err, &broken) && broken.Timeout():
		return errors.New("the receiver can't be reached: the connection timed out")
	case errors.As(err, &broken):
		return fmt.Errorf("the receiver can't be reached: %w", broken.Err)
	case errors.As(err, &outer):
		return fmt.Errorf("the receiver gave no valid answer: %s", strings.ReplaceAll(outer.Err.Error(), "\n", " "))
	default:
		return errors.New("the receiver gave no valid answer")
	}
}
