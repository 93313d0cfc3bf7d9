"""The kinds of violations: what the simulated driver holds against a program."""

from __future__ import annotations

VIOLATION_KINDS = {
    # contexts
    "no-context": "a call that needs a current context was made without one",
    "wrong-context": "an object was used while a context that is not its own was current",
    "unbalanced-push": "a context was pushed, and not popped when its thread or the process ended",
    "unbalanced-pop": "a context was popped where none was current",
    "primary-context-destroyed": "cuCtxDestroy of a primary context",
    "context-ended-before-session": "a context ended with an encoder session in it",
    "context-ended-before-decoder": "a context ended with a decoder in it",
    "context-ended-before-memory": "a context ended with memory in it",
    "context-ended-before-resource": "a context ended with a stream, an event ... in it",
    # handles of all kinds
    "invalid-handle": "a handle that the driver never gave",
    "use-after-destroy": "a handle whose object has ended",
    "double-destroy": "an object was ended twice",
    "use-after-fork": "the driver was called in a child that was forked from a process that had it",
    "live-at-exit": "an object was left when the process ended",
    # memory
    "not-device-memory": "an address that is not of device memory",
    "device-memory-as-host": "a device address was given as one of the host",
    "use-after-free": "memory was used after it was freed, or after its frame was unmapped",
    "out-of-bounds": "a range goes past the end of its allocation",
    "invalid-free": "an address was freed that no allocation gave",
    "double-free": "memory was freed twice",
    "free-while-registered": "memory was freed that an encoder has registered",
    "free-while-mapped": "memory was freed that an encoder has mapped",
    # the encoder
    "session-destroyed-with-resources": "a session ended before what was made in it",
    "encode-after-eos": "a picture was submitted after the end of the stream",
    "encode-while-locked": "a buffer was submitted that the host had locked",
    "bitstream-in-use": "a bitstream buffer was submitted again before its picture came out",
    "surface-changed-in-flight": "a surface was written between its submission and its output",
    "unmapped-in-flight": "a surface was unmapped before it was read, without an end of stream",
    "destroyed-in-flight": "a buffer of the session was destroyed while it was in use",
    "unregister-while-mapped": "a registration was ended before its mapping",
    "double-map": "a registration was mapped twice",
    "double-lock": "a buffer was locked twice",
    "unlock-without-lock": "a buffer was unlocked that was not locked",
    "lock-without-output": "a bitstream was locked that gets no picture without more input",
    "lock-out-of-order": "bitstreams were locked in another order than they were submitted in",
    "unknown-version": "a struct is of another version of NVENC than the simulator knows",
    "unimplemented-function": "an NVENC function was called that the simulator does not have",
    # the decoder
    "decode-while-mapped": "a surface was decoded into that was mapped",
    "too-many-mapped": "more frames were mapped at once than the decoder was made for",
    "map-before-decode": "a surface was mapped that holds no picture",
    "unmap-without-map": "a frame was unmapped that was not mapped",
    "decoder-destroyed-while-mapped": "a decoder ended with a frame mapped",
}
