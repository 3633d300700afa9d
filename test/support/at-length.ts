/** Set-up of the long run: properties try as many inputs as they can stand for. */
process.env['LONG_TESTS'] = '1';
