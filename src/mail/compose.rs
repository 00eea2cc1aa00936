//! Writing mail: a message row becomes the bytes that go out. Pure.
