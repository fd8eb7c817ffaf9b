package wire

import "maestro/internal/model"

// PieceFrame encodes a piece of what the generator of a call yields.
func PieceFrame(number uint64, piece *model.Emitted) *Frame {
	f := New(KindPiece)
	f.Uint(number)
	f.Uint(uint64(piece.Kind))
	f.Bytes(piece.Value)
	return f
}

// ReadPiece decodes a frame of KindPiece.
func ReadPiece(f Fields) (number uint64, piece model.Emitted, err error) {
	number = f.Uint()
	kind := f.Uint()
	piece.Value = f.Bytes()
	if kind > uint64(model.EmitRoom) {
		return number, piece, ErrMalformed
	}
	piece.Kind = model.EmitKind(kind)
	return number, piece, f.Err()
}
