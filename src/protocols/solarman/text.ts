/**
 * Every string a logger sends is hostile until proven otherwise (solarman-v5 §7): it ends in pages, logs and CSV files, and anyone may
 * send it.
 */

/**
 * The text up to the first NUL, other bytes than printable ASCII replaced by `?`, trimmed; null when nothing readable is left. The
 * field's own length is the cap.
 */
export function printable(bytes: Uint8Array): string | null {
  let text = '';
  let readable = 0;
  for (const byte of bytes) {
    if (byte === 0) break;
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    text += isPrintable ? String.fromCharCode(byte) : '?';
    if (isPrintable && byte !== 0x20) readable += 1;
  }
  return readable === 0 ? null : text.trim();
}

/** `AT+YZCMPVER=<firmware>`: what Deye micros with an AC relay box write between frames (§1.4). */
const RELAY_VERSION = /AT\+YZCMPVER=([\x21-\x7e]{1,40})\r?\n/;

/** The logger firmware named in text between two frames, or null. */
export function firmwareHint(skipped: Buffer): string | null {
  return RELAY_VERSION.exec(skipped.toString('latin1'))?.[1] ?? null;
}
