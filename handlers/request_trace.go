package handlers

// traceParent is that of the request (W3C Trace Context), as it was sent; empty
// for none, and if the server makes no traces.
func (call *call) traceParent() string {
	if !call.server.opts.Engine.Traced() {
		return ""
	}
	return string(call.c.Request().Header.Peek("traceparent"))
}
