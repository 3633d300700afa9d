import { describe, expect, it } from 'vitest';
import { firmwareHint, printable } from './text.ts';

describe('text from a logger', () => {
  it.each<[string, string | null]>([
    ['MW3_16U_5406_1.57\0\0\0', 'MW3_16U_5406_1.57'],
    ['padded    ', 'padded'],
    ['before\0after', 'before'],
    ['\x1b[31mred\x07', '?[31mred?'],
    ['<script>', '<script>'],
    ['caf\xe9', 'caf?'],
    ['two\r\nlines', 'two??lines'],
    ['', null],
    ['\0\0\0', null],
    ['    ', null],
    ['\xff\xff\xff', null],
  ])('%j becomes %j', (raw, text) => {
    expect(printable(Buffer.from(raw, 'latin1'))).toBe(text);
  });

  it.each<[string, string | null]>([
    ['AT+YZCMPVER=MW3_16U_5406_9.99-D1\r\n\r\n', 'MW3_16U_5406_9.99-D1'],
    ['noise AT+YZCMPVER=MW3_X\r\n', 'MW3_X'],
    ['AT+YZCMPVER=unfinished', null],
    ['AT+YZCMPVER=\r\n', null],
    ['AT+YZCMPVER=with space\r\n', null],
    [`AT+YZCMPVER=${'x'.repeat(41)}\r\n`, null],
    ['AT+OTHER=1\r\n', null],
  ])('between frames, %j names the firmware %j', (text, firmware) => {
    expect(firmwareHint(Buffer.from(text, 'latin1'))).toBe(firmware);
  });
});
