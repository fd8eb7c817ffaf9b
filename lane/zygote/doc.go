// Package zygote starts the processes that work for one subtenant each: by a zygote, which
// has imported the subtenant's packages and is forked for each (cpython/zygote.h), or by
// executing this program once more.
//
// It must not know what the processes do, which subtenant is theirs, or how many there
// should be; and it confines nothing by itself: Config.Prepare does.
package zygote
