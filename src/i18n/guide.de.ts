import type { guideEn } from './guide.en.ts';

/** The words of the set-up guide, in German. */
export const guideDe: typeof guideEn = {
  title: 'Wechselrichter einrichten',
  welcome: 'Willkommen. In wenigen Minuten sehen Sie hier Ihre eigene Sonne.',
  step: (n) => `Schritt ${n}`,
  choose: 'Was haben Sie?',
  kinds: {
    solarman: 'Deye, Bosswerk und andere mit Solarman-Logger oder eingebautem WLAN',
    opendtu: 'Hoymiles und andere, gelesen von einer OpenDTU',
    victron: 'Victron-Solarladeregler hinter einem Cerbo oder Venus GX',
  },
  register: 'Welcher ist es?',
  enter: 'Diese Werte in das Gerät eintragen',
  wait: 'Auf das erste Paket warten',
  copy: 'Kopieren',
  copied: 'Kopiert',
  host: 'Serveradresse (IP oder Domain)',
  port: 'Port',
  protocol: 'Protokoll',
  url: 'URL',
  header: 'Name des Headers',
  token: 'Token (API-Schlüssel)',
  interval: 'Intervall in Sekunden',
  tokenMissing: 'Jedes Gerät sendet mit einem Schlüssel. Er wird einmal gezeigt: wenn Sie ihn erzeugen.',
  makeKey: 'API-Schlüssel erzeugen',
  keyOnce: 'Dieser Schlüssel wird nur jetzt gezeigt. Kopieren Sie ihn, bevor Sie die Seite verlassen.',
  keyName: (kind) => `${kind} (Einrichtung)`,
  localHost:
    'Dieser Server nennt sich mit einer Adresse, die andere Geräte nicht erreichen. Tragen Sie stattdessen die Adresse dieses Rechners in Ihrem Netz ein.',
  solarman: {
    open: 'Öffnen Sie die Seite des Loggers: seine Adresse in Ihrem Netz, oder sein eigenes WLAN „AP_…“ unter http://10.10.100.254/. Benutzer und Passwort sind meist admin / admin.',
    hidden:
      'Rufen Sie dort die versteckte Seite /config_hide.html auf und notieren Sie alle vorhandenen Werte, damit Sie zurückkönnen.',
    tls: 'Steht dort Port 10443? Dann ändern Sie bitte nichts: Diese Firmware verschlüsselt nur zu ihrem Hersteller, kein anderer Server kann ihr antworten. Geänderte Einstellungen können sie zum Hängen bringen.',
    tlsTitle: 'Port 10443',
    fill: 'Füllen Sie „Server A“ und „Optional Server“ (B) mit diesen Werten. Mit einer Domain bleibt das IP-Feld leer.',
    restart: 'Speichern, dann auf derselben Seite neu starten.',
  },
  opendtu: {
    open: 'Öffnen Sie die Seite Ihrer OpenDTU, Einstellungen, „HTTP Push“ (in der Firmware, die es hat), und schalten Sie es ein.',
    fill: 'Tragen Sie URL, Namen des Headers und Token ein und speichern Sie.',
  },
  victron: {
    open: 'Öffnen Sie auf dem Cerbo oder Venus GX, oder einem Rechner daneben, die Konfiguration der Push-Bridge.',
    fill: 'Tragen Sie URL, Namen des Headers und Token ein und starten Sie sie neu.',
  },
  waiting: 'Warte auf das erste Paket …',
  waitingHint: {
    solarman: 'Das wird von selbst grün. Ein Logger braucht 2 bis 5 Minuten, und Tageslicht.',
    others: 'Das wird von selbst grün, sobald das Gerät das nächste Mal sendet.',
  },
  unconfirmed: 'Es fehlt noch ein Nachweis, dass dieser Logger Ihnen gehört.',
  claim: {
    title: 'Zeigen Sie, dass dieser Logger Ihnen gehört',
    why: 'Die Nummer allein beweist nichts: Sie steht auf der Verpackung. Bestätigt wird er von selbst, wenn er sich aus dem Internetanschluss meldet, an dem Sie gerade sind. Sonst drücken Sie den Knopf und starten den Logger neu: den Wechselrichter eine Minute ausschalten oder auf der Seite des Loggers „Restart“ wählen.',
    taken:
      'Dieser Logger gehört zu einem anderen Konto. Ist es Ihrer, bitten Sie dessen Inhaber, ihn dort zu löschen, oder fragen Sie den Betreiber dieses Servers.',
    rivals: 'Noch jemand wartet auf diesen Logger. Der erste Nachweis zählt.',
    released: 'Sie haben diesen Logger abgegeben. Ein Neustart holt ihn zurück.',
    seen: 'Der Logger war hier',
    notSeen: 'Der Logger hat sich hier noch nicht gemeldet.',
    restart: 'Ich starte ihn jetzt neu',
    restarting: (until: string) => `Bitte starten Sie ihn jetzt neu. Meldet er sich vor ${until} wieder, ist er Ihrer.`,
    tooOften:
      'Für heute wurde das oft genug angekündigt. Bitte versuchen Sie es morgen wieder oder fragen Sie den Betreiber dieses Servers.',
  },
  tlsSeen: (address: string, at: string) =>
    `Ein Logger von ${address} wollte sich am ${at} verschlüsselt (TLS) verbinden. Seine Firmware vertraut nur ihrem Hersteller und lässt sich hier nicht verwenden. Bitte stellen Sie die notierten Werte wieder her.`,
  arrived: 'Daten kommen an',
  arrivedHint: (name) => `${name} ist verbunden.`,
  toDashboard: 'Zu seiner Seite',
  afterFive: 'Nach fünf Minuten noch nichts?',
  checks: {
    solarman: [
      'Ist es hell? Mikrowechselrichter und Logger schlafen ohne Sonne.',
      'Ist es die Seriennummer des Loggers (auch im Namen seines WLANs, „AP_…“), nicht die des Wechselrichters?',
      'Sind A und B gesetzt, mit TCP, und wurde der Logger nach dem Speichern neu gestartet?',
      'Kann der Logger den Server erreichen? Adresse und Port müssen aus seinem Netz offen sein.',
      'Hilft ein Neustart? Schalten Sie den Wechselrichter eine Minute ab oder decken Sie die Module ab.',
    ],
    opendtu: [
      'Zeigt die OpenDTU selbst den Wechselrichter als erreichbar?',
      'Steht die URL genau so da, mit http oder https wie angegeben, ohne Leerzeichen?',
      'Stimmt der Name des Headers, und ist der Schlüssel mit seinen Strichen vollständig?',
      'Ist es die Seriennummer, die OpenDTU anzeigt?',
    ],
    victron: [
      'Läuft die Bridge? Ihr Protokoll sagt, was der Server geantwortet hat.',
      'Stimmt der Name des Headers, und ist der Schlüssel mit seinen Strichen vollständig?',
      'Ist es die Seriennummer des Solarladereglers?',
    ],
  },
};
