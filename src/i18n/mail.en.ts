/** The words that leave the pages: mails and what a takeout says of itself, in English. */
export const mailEn = {
  mail: {
    link: 'If the button does not work, open this address:',
    hours: (hours: number) => (hours === 1 ? 'The link works for one hour.' : `The link works for ${hours} hours.`),
    footer: (server: string) => `Sent by Deye Hard at ${server}`,
    verify: {
      subject: 'Confirm your e-mail address',
      text: 'An account was created with this e-mail address. Please confirm that it is yours.',
      button: 'Confirm the address',
      after: 'If you created no account, you need not do anything: without your confirmation it stays unconfirmed.',
    },
    exists: {
      subject: 'You have an account already',
      text: 'Somebody wanted to use this e-mail address for an account, but it has one already. If that was you: sign in, or choose a new password in case you forgot yours.',
      button: 'To the sign-in',
      after: 'If it was not you, you need not do anything.',
    },
    reset: {
      subject: 'Choose a new password',
      text: 'Somebody asked for a new password for your account. If that was you, choose it here.',
      button: 'Choose a password',
      after: 'If it was not you, you need not do anything: your password stays as it is.',
    },
    newAddress: {
      subject: 'Confirm your new e-mail address',
      text: 'This is to become the e-mail address of your account. Until you confirm it, the old one stays.',
      button: 'Confirm the address',
      after: 'If you asked for nothing of the kind, you need not do anything.',
    },
    addressAsked: {
      subject: 'Your e-mail address is to change',
      text: 'Another e-mail address was given for your account. Once it is confirmed there, this one no longer counts.',
      after: 'If that was not you, somebody knows your password: sign in now and choose another.',
    },
    addressChanged: {
      subject: 'Your e-mail address was changed',
      text: 'Your account has a new e-mail address from now on. This one no longer counts.',
      after: 'If that was not you, please ask whoever runs this server for help at once.',
    },
    passwordChanged: {
      subject: 'Your password was changed',
      text: 'The password of your account was changed, and everybody else who was signed in with it no longer is.',
      after: 'If that was not you, choose a new password at once by “Forgot your password?” on the sign-in page.',
    },
    twoFactorOn: {
      subject: 'Two-factor sign-in is on',
      text: 'From now on, signing in to your account also needs a code from your authenticator app.',
      after: 'If that was not you, please ask whoever runs this server for help at once.',
    },
    twoFactorOff: {
      subject: 'Two-factor sign-in is off',
      text: 'From now on, your password is enough to sign in to your account.',
      after: 'If that was not you, sign in, choose a new password and switch two-factor sign-in on again.',
    },
    deleted: {
      subject: 'Your account was deleted',
      text: 'Your account is gone, with all inverters and everything measured. The rest of the data is removed within the hour.',
      after:
        'If that was not you, please ask whoever runs this server; what is in backups stays there until they expire.',
    },
  },

  takeoutFile: {
    name: 'README.txt',
    text: (email: string, at: string) => [
      `Everything this server had of the account ${email} at ${at}.`,
      '',
      'account.json            name, address, language, sites, keys and mailed links (never their secrets), from where the account was last used',
      'devices.json            inverters with counters and inputs, proofs of their loggers, the gateways that speak for them, and devices that wait to be added',
      'sessions.json           where the account was signed in',
      'mails.json              when which mail was sent to you; their texts are not kept',
      'log.json                what was done with the account',
      'pending-readings.json   what devices sent that wait to be added',
      'inverters/…/samples-YYYY-MM.csv   every measurement, a file for each month',
      'inverters/…/energy-15m.csv        power and energy by quarter hour, for as long as the inverter is known',
      'inverters/…/events.json           what was noticed about its data',
      'inverters/…/frames.json           messages nothing could be made of',
      'inverters/…/decoded-frames.json   messages that were understood, as long as they are kept',
      '',
      'CSV: UTF-8, commas between the columns, a dot in numbers, an empty field for what is not known.',
      'Units stand in the names: _w watt, _wh watt hour, _v volt, _a ampere, _hz hertz, _c °C, _pct per cent. Times carry their offset.',
      'Passwords, keys and the secret of a second factor are not in here: the server keeps only what proves them.',
    ],
  },
};
