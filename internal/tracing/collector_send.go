package tracing

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	sendTime     = 10 * time.Second // for one request
	firstPause   = time.Second      // before the first repetition, then twice as long each time
	longestPause = 30 * time.Second
	mostReply    = 4 << 10 // bytes that are read of a response
)

// sender sends spans by OTLP over HTTP. It is for one goroutine.
type sender struct {
	endpoint string
	headers  map[string]string
	resource []byte // that the spans belong to, an encoded Resource
	client   *http.Client

	packed bytes.Buffer // of the request
	head   []byte       // of the message, before the spans
	writer *gzip.Writer // into packed; nil: requests are not compressed
}

func newSender(opts Options) *sender {
	s := &sender{
		endpoint: opts.Endpoint, headers: opts.Headers, resource: resourceOf(opts),
		client: &http.Client{
			Timeout:   sendTime,
			Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// A collector that moves does not get the headers, which may hold a key.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if opts.Gzip {
		s.writer, _ = gzip.NewWriterLevel(&s.packed, gzip.BestSpeed) // which is a valid level
	}
	return s
}

// resourceOf encodes the Resource that the spans of this server belong to.
func resourceOf(opts Options) (b []byte) {
	b = appendAttribute(b, tagResourceOf, "service.version", opts.Version)
	b = appendAttribute(b, tagResourceOf, "service.instance.id", opts.Server)
	for _, name := range slices.Sorted(maps.Keys(opts.Attributes)) {
		if name != "service.name" {
			b = appendAttribute(b, tagResourceOf, name, opts.Attributes[name])
		}
	}
	return appendAttribute(b, tagResourceOf, "service.name", cmp.Or(opts.Service, "maestro"))
}

// send sends encoded spans. It repeats a request that the collector could not take for
// now, until ctx ends.
func (s *sender) send(ctx context.Context, spans []byte) error {
	if err := s.pack(spans); err != nil {
		return fmt.Errorf("compress spans: %w", err)
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		again, asked, err := s.post(ctx, s.packed.Bytes())
		if err == nil || !again {
			return err
		}
		// Half of it by chance: the servers of a database are not in step.
		timer := time.NewTimer(max(asked, pause/2+rand.N(pause/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// pack makes the body of a request: a TracesData with one ResourceSpans, which has one
// ScopeSpans. On the wire it is an ExportTraceServiceRequest, too.
func (s *sender) pack(spans []byte) error {
	const scope = "maestro"
	name := append([]byte{tagScopeName, byte(len(scope))}, scope...)
	ofScope := 1 + protowire.SizeBytes(len(name)) + len(spans)
	ofResource := 1 + protowire.SizeBytes(len(s.resource)) + 1 + protowire.SizeBytes(ofScope)
	b := protowire.AppendVarint(append(s.head[:0], tagResourceSpans), uint64(ofResource))
	b = protowire.AppendBytes(append(b, tagResource), s.resource)
	b = protowire.AppendVarint(append(b, tagScopeSpans), uint64(ofScope))
	s.head = protowire.AppendBytes(append(b, tagScope), name)
	s.packed.Reset()
	if s.writer == nil {
		s.packed.Write(s.head)
		s.packed.Write(spans)
		return nil
	}
	s.writer.Reset(&s.packed)
	_, err := s.writer.Write(s.head)
	if err == nil {
		_, err = s.writer.Write(spans)
	}
	return errors.Join(err, s.writer.Close())
}

// post sends one request. again says whether to repeat it, after asked at least.
func (s *sender) post(ctx context.Context, packed []byte) (again bool, asked time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(packed))
	if err != nil {
		return false, 0, err
	}
	for name, value := range s.headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	if s.writer != nil {
		request.Header.Set("Content-Encoding", "gzip")
	}
	request.Header.Set("User-Agent", "maestro")
	response, err := s.client.Do(request)
	if err != nil {
		return ctx.Err() == nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	reply, _ := io.ReadAll(io.LimitReader(response.Body, mostReply)) // for the log, and so that the connection is used again
	if response.StatusCode/100 == 2 {
		return false, 0, nil
	}
	err = fmt.Errorf("the collector answered %s: %.200q", response.Status, strings.TrimSpace(string(reply)))
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return true, min(time.Duration(max(seconds, 0))*time.Second, longestPause), err
	default:
		return false, 0, err
	}
}
