package wire

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// The first byte on a connection is no frame: the descriptor of the Slate comes with it.
const first = 1

// Pass gives the Slate to the child at the other end, before all frames.
func (s *Slate) Pass(conn *net.UnixConn) error {
	if _, _, err := conn.WriteMsgUnix([]byte{first}, unix.UnixRights(int(s.file.Fd())), nil); err != nil {
		return fmt.Errorf("give a child its memory: %w", err)
	}
	return nil
}

// ReceiveSlate is the child's end of Pass. It returns the file of the Slate.
func ReceiveSlate(conn *os.File) (*os.File, error) {
	var byte1 [1]byte
	room := make([]byte, unix.CmsgSpace(4))
	n, size, _, _, err := unix.Recvmsg(int(conn.Fd()), byte1[:], room, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("receive the memory of this child: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(room[:size])
	if err != nil || n != 1 || byte1[0] != first || len(messages) != 1 {
		return nil, errors.New("receive the memory of this child: the server has not sent it")
	}
	rights, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(rights) != 1 {
		return nil, errors.New("receive the memory of this child: the server has not sent it")
	}
	return os.NewFile(uintptr(rights[0]), "slate"), nil
}
