import { render } from 'preact-render-to-string';
import { encode } from 'uqr';
import { describe, expect, it } from 'vitest';
import { QrCode } from './qr-code.tsx';

const TEXT = 'otpauth://totp/Deye%20Hard:erika@example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Deye%20Hard';

describe('a code for the camera', () => {
  const html = render(<QrCode text={TEXT} label="QR-Code" />);
  const { data, size } = encode(TEXT, { ecc: 'M', border: 4 });

  it('draws the black modules and no other', () => {
    const drawn = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    for (const [, x, y, width] of html.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
      for (let at = Number(x); at < Number(x) + Number(width); at++) (drawn[Number(y)] ?? [])[at] = true;
    }
    expect(drawn).toEqual(data);
  });

  it('is white around, and has a name for those who do not see it', () => {
    expect(html).toContain(`viewBox="0 0 ${size} ${size}"`);
    expect(html).not.toMatch(/M[0-3] |M\d+ [0-3]h/);
    expect(html).toContain('aria-label="QR-Code"');
  });
});
