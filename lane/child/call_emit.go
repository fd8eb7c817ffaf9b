package child

import (
	"maestro/internal/model"
	"maestro/lane/wire"
)

const (
	// window is how many bytes of pieces a call sends before it asks whether there is
	// room for more.
	window = 64 << 10
	// overhead is what a piece counts beside its value.
	overhead = 64
)

// Emit implements calltree.Link. A piece is sent without an answer; one without a reader
// any more is known at a later one, by wire.KindHangUp.
func (r *call) Emit(piece model.Emitted, wait bool) model.EmitState {
	if r.hungUp.Load() {
		return model.EmitGone
	}
	if piece.Kind != model.EmitRoom {
		if !r.send(&piece) {
			return model.EmitGone
		}
		if r.ahead.Add(int64(len(piece.Value)+overhead)) < window {
			return model.EmitGoOn
		}
	}
	question := wire.AskRoom
	if wait {
		question = wire.AskRoomWait
	}
	answer := r.ask(wire.Ask{Question: question})
	switch {
	case answer.Raise != nil:
		return model.EmitGone
	case answer.State == model.EmitGoOn:
		r.ahead.Store(0)
	}
	return answer.State
}

// send sends a piece, the head with what follows.
func (r *call) send(piece *model.Emitted) bool {
	frame := wire.PieceFrame(r.number, piece)
	if piece.Kind == model.EmitHead {
		return r.child.hold(frame)
	}
	return r.child.out.Send(frame) == nil
}

// hangUp notes that the pieces of a call are not taken any more.
func (c *child) hangUp(number uint64) {
	if r := c.find(number); r != nil {
		r.hungUp.Store(true)
	}
}
