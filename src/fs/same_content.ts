const PIECE_BYTES = 1 << 20;

/** Whether two files have the same bytes; `false` if one of them cannot be read. */
export async function haveSameContent(one: string, other: string): Promise<boolean> {
  try {
    using first = await Deno.open(one);
    using second = await Deno.open(other);
    const [piece, otherPiece] = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
    for (;;) {
      const length = await fill(first, piece);
      if (length !== await fill(second, otherPiece)) return false;
      for (let at = 0; at < length; at++) if (piece[at] !== otherPiece[at]) return false;
      if (length < PIECE_BYTES) return true;
    }
  } catch {
    return false;
  }
}

/** Reads until the piece is full or the file ends; gives how much that is. */
async function fill(file: Deno.FsFile, piece: Uint8Array): Promise<number> {
  let length = 0;
  while (length < piece.length) {
    const read = await file.read(piece.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}
