// Command interop verifies a blanik log with golang.org/x/mod/sumdb: its signed checkpoints with note, its tiles,
// inclusion and consistency proofs with tlog. It reads the folder as a stranger would, and shares no code with us.
//
//	interop FOLDER VKEY OLD-CHECKPOINT PROOF INDEX CONSISTENCY
//
// FOLDER is a log in C2SP's tlog-tiles layout, VKEY its key, OLD-CHECKPOINT an earlier checkpoint of it, PROOF a
// tlog-proof of ours about entry INDEX, CONSISTENCY the lines of a consistency proof of ours from old to new.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "interop: "+format+"\n", args...)
	os.Exit(1)
}

func must[T any](v T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return v
}

// checkpoint opens a signed checkpoint: note verifies it, and its lines are read here.
func checkpoint(text []byte, verifier note.Verifier) tlog.Tree {
	opened := must(note.Open(text, note.VerifierList(verifier)))
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("no checkpoint of %s", verifier.Name())
	}
	size := must(strconv.ParseInt(lines[1], 10, 64))
	return tlog.Tree{N: size, Hash: must(tlog.ParseHash(lines[2]))}
}

// folder serves tiles from C2SP's layout, whose paths have no height: tile/8/0/000 is tile/0/000.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads all entry bundles of a tree.
func (f folder) entries(size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := min(256, size-n*256)
		tile := tlog.Tile{H: 8, L: -1, N: n, W: int(width)}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
		data := must(os.ReadFile(filepath.Join(string(f), path)))
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	return all
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		if line != "" {
			all = append(all, must(tlog.ParseHash(line)))
		}
	}
	return all
}

func main() {
	if len(os.Args) != 7 {
		fail("six arguments")
	}
	dir, index := folder(os.Args[1]), must(strconv.ParseInt(os.Args[5], 10, 64))
	verifier := must(note.NewVerifier(os.Args[2]))
	tree := checkpoint(must(os.ReadFile(filepath.Join(string(dir), "checkpoint"))), verifier)
	old := checkpoint(must(os.ReadFile(os.Args[3])), verifier)

	// Tiles: tlog authenticates each against the root as it reads it.
	reader := tlog.TileHashReader(tree, dir)
	entries := dir.entries(tree.N)
	if int64(len(entries)) != tree.N {
		fail("%d entries in a tree of %d", len(entries), tree.N)
	}
	for i, entry := range entries {
		hash := must(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))}))
		if hash[0] != tlog.RecordHash(entry) {
			fail("entry %d is not what its tile says", i)
		}
	}

	// Proofs that tlog makes of our tiles hold, and so do those that we make.
	for i := int64(0); i < tree.N; i += 1 + tree.N/50 {
		proof := must(tlog.ProveRecord(tree.N, i, reader))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(entries[i])); err != nil {
			fail("inclusion of %d: %v", i, err)
		}
	}
	theirs := must(tlog.ProveTree(tree.N, old.N, reader))
	if err := tlog.CheckTree(theirs, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		fail("consistency: %v", err)
	}
	ours := hashes(strings.Split(string(must(os.ReadFile(os.Args[6]))), "\n"))
	if err := tlog.CheckTree(ours, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		fail("consistency, by our proof: %v", err)
	}
	head, signed, found := strings.Cut(string(must(os.ReadFile(os.Args[4]))), "\n\n")
	if !found {
		fail("no tlog-proof")
	}
	proved := checkpoint([]byte(signed), verifier)
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || lines[2] != "index "+os.Args[5] {
		fail("no tlog-proof about entry %d", index)
	}
	extra := must(base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra ")))
	path := hashes(lines[3:])
	if err := tlog.CheckRecord(path, proved.N, proved.Hash, index, tlog.RecordHash(extra)); err != nil {
		fail("inclusion, by our proof: %v", err)
	}
	fmt.Printf("golang.org/x/mod/sumdb: %d entries, their tiles and proofs hold; grown from %d\n", tree.N, old.N)
}
