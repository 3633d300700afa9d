import { describe, expect, it } from 'vitest';
import { isEasilyGuessed } from './easily-guessed.ts';

const CONTEXT = ['erika.muster@sonnenhof.example', 'Erika', 'Muster'];

describe('easily guessed', () => {
  it.each([
    'password',
    'rush2112',
    'blink182',
    'Th0mpson',
    'Arschloch',
    'geheim123',
    'Passwort1!',
    'P@ssw0rd2026',
    '!!Willkommen!!',
    'Sommer2026',
    'deyehard',
    'DeyeHard123',
    'Solar-2026!',
    'w3chs3lricht3r',
    'balkonkraftwerk1',
    'erika.muster',
    'ErikaMuster1',
    'Sonnenhof99',
    'muster2026',
    '12345678',
    '987654321',
    'qwertzuiop',
    '1q2w3e4r5t',
    '1qaz2wsx3edc',
    'asdfghjkl!',
    'abcdefgh12',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    '24.12.1984',
    '19841224',
    '12312019',
  ])('%s', (password) => {
    expect(isEasilyGuessed(password, CONTEXT)).toBe(true);
  });

  it.each([
    'Sonnenaufgang 6',
    'Morgenrot 2026',
    'correct horse 1',
    'Abendrot und Morgenrot',
    'das passwort meiner oma',
    'xk7-blau-Regen',
    '48159263',
    'Erika mag keine Tauben',
    '🌞🌧️🌈🌞🌻☀️🐝🍯',
  ])('not %s', (password) => {
    expect(isEasilyGuessed(password, CONTEXT)).toBe(false);
  });
});
