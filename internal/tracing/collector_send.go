package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	sendTime     = 10 * time.Second // for one request
	firstPause   = time.Second      // before the first repetition, then twice as long each time
	longestPause = 30 * time.Second
	mostReply    = 4 << 10 // bytes that are read of a response
)

// sender sends spans by OTLP over HTTP. It is an otlptrace.Client. The library's own
// imports gRPC, which would be a fifth of the program (ADR 13).
type sender struct {
	endpoint string
	headers  map[string]string
	client   *http.Client
	stopped  chan struct{} // closed by Stop
}

func newSender(endpoint string, headers map[string]string) *sender {
	return &sender{
		endpoint: endpoint, headers: headers, stopped: make(chan struct{}),
		client: &http.Client{
			Timeout:   sendTime,
			Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// A collector that moves does not get the headers, which may hold a key.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Start implements otlptrace.Client.
func (s *sender) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client: a repetition is not waited for any more.
func (s *sender) Stop(context.Context) error {
	close(s.stopped)
	s.client.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It repeats a request that the collector
// could not take for now, until ctx ends.
func (s *sender) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	// On the wire this is an ExportTraceServiceRequest, whose package imports gRPC.
	text, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode spans: %w", err)
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, err = writer.Write(text)
	if err = errors.Join(err, writer.Close()); err != nil {
		return fmt.Errorf("compress spans: %w", err)
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		again, asked, err := s.post(ctx, packed.Bytes())
		if err == nil || !again {
			return err
		}
		// Half of it by chance: the servers of a database are not in step.
		timer := time.NewTimer(max(asked, pause/2+rand.N(pause/2)))
		select {
		case <-timer.C:
		case <-s.stopped:
			timer.Stop()
			return err
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
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
	request.Header.Set("Content-Encoding", "gzip")
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
