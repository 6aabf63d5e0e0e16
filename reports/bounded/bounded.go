// Package bounded reads what others wrote: files that may be none, may have no end, or
// may become a hundred times as large once they are decoded.
package bounded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Open opens a plain file of at most so many bytes for reading. Anything else is an
// error at once: a pipe that nobody writes to is not waited for, and a device is not
// read. Links are followed.
func Open(path string, most int64) (*os.File, error) {
	return open(os.OpenFile, path, most)
}

// OpenIn is Open for a file in a folder. A link that leads out of the folder is an error.
func OpenIn(dir, name string, most int64) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return open(root.OpenFile, name, most)
}

func open(with func(string, int, fs.FileMode) (*os.File, error), path string, most int64) (*os.File, error) {
	f, err := with(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := plain(f, path, most); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func plain(f *os.File, path string, most int64) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no plain file but %s; remove it", path, kind(info.Mode()))
	case info.Size() > most:
		return tooLong(path, info.Size(), most)
	}
	return nil
}

func tooLong(path string, size, most int64) error {
	return fmt.Errorf("%s has %d bytes, and at most %d are read", path, size, most)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return m.String()
}

// ReadFile reads a plain file of at most so many bytes, see [Open].
func ReadFile(path string, most int64) ([]byte, error) {
	f, err := Open(path, most)
	if err != nil {
		return nil, err
	}
	return all(f, path, most)
}

// ReadFileIn reads a plain file in a folder, see [OpenIn].
func ReadFileIn(dir, name string, most int64) ([]byte, error) {
	f, err := OpenIn(dir, name, most)
	if err != nil {
		return nil, err
	}
	return all(f, name, most)
}

// all does not trust the size that the file had: it may grow, or claim none as those
// under /proc do.
func all(f *os.File, path string, most int64) ([]byte, error) {
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = tooLong(path, int64(len(b)), most)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// JSON is an error when the text would be decoded into more values than that, of objects
// and arrays the elements: two bytes can become a struct of some hundred. Whether it is
// JSON is not looked at.
func JSON(b []byte, most int) error {
	values, quoted := 1, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == ',' || c == '[' || c == '{'):
			if values++; values > most {
				return fmt.Errorf("it holds more than %d values", most)
			}
		}
	}
	return nil
}
