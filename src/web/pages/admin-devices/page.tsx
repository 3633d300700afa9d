import type { JSX } from 'preact';
import type { Part } from '../../../services/admin/admin-service.ts';
import type { AdminGatewayRow, AdminInverterRow } from '../../../store/admin-devices.ts';
import { linkTo } from '../../admin/list-query.ts';
import { AccountLink, AdminPage, Facts, Row, Rows, Search, When } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { Name } from '../../components/figure.tsx';
import type { Frame } from '../../page-definition.ts';

export const SHOWN = ['inverters', 'gateways'] as const;

export interface DevicesData {
  query: { q: string; from: number | null; show: (typeof SHOWN)[number] };
  /** The one that is shown. */
  inverters: Part<AdminInverterRow> | null;
  gateways: Part<AdminGatewayRow> | null;
}

/** Whose devices there are and when they were heard; nothing of what they measured. */
export function DevicesPage({ query, inverters, gateways }: DevicesData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const path = ADMIN_PATHS.devices;
  const words = t.admin.devices;
  const next = (inverters ?? gateways)?.next ?? null;
  return (
    <AdminPage part="devices">
      <nav aria-label={t.admin.nav.devices} class="pills max-w-md">
        {SHOWN.map((show) => (
          <a
            key={show}
            href={linkTo(path, { show })}
            class="pill"
            aria-current={show === query.show ? 'true' : undefined}
          >
            {words[show]}
          </a>
        ))}
      </nav>
      <Search
        path={path}
        label={query.show === 'inverters' ? words.searchInverters : words.searchGateways}
        value={query.q}
        keep={{ show: query.show }}
      />
      <Rows path={path} query={query} next={next}>
        {inverters?.items.map((one) => <Inverter key={one.id} inverter={one} frame={frame} />) ??
          gateways?.items.map((one) => <Gateway key={one.id} gateway={one} frame={frame} />) ??
          []}
      </Rows>
    </AdminPage>
  );
}

function Inverter({ inverter, frame }: { inverter: AdminInverterRow; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const words = t.admin.devices;
  return (
    <Row>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <p class="min-w-0 font-semibold">
          <Name>{inverter.name}</Name>
        </p>
        {inverter.isWaiting ? <span class="chip chip-quiet">{words.waiting}</span> : null}
      </div>
      <Facts>
        <span class="name">
          {t.kind[inverter.kind]} <code class="font-mono">{inverter.serial}</code>
        </span>
        <AccountLink id={inverter.userId} email={inverter.email} />
      </Facts>
      <Facts>
        <When label={words.received} at={inverter.lastReceivedAt} frame={frame} />
        <When label={words.gatewaySeen} at={inverter.gatewaySeenAt} frame={frame} />
        <span>
          {words.added} {fmt.dateTime(inverter.createdAt, frame.config.timeZone)}
        </span>
      </Facts>
    </Row>
  );
}

function Gateway({ gateway, frame }: { gateway: AdminGatewayRow; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const words = t.admin.devices;
  return (
    <Row>
      <p class="name font-semibold">
        {t.kind[gateway.kind]} <code class="font-mono">{gateway.serial}</code>
      </p>
      <Facts>
        <AccountLink id={gateway.userId} email={gateway.email} />
        {gateway.firmware === null ? null : <span class="name">{gateway.firmware}</span>}
      </Facts>
      <Facts>
        <When label={words.lastSeen} at={gateway.lastSeenAt} frame={frame} />
        <When label={words.firstSeen} at={gateway.firstSeenAt} frame={frame} />
      </Facts>
    </Row>
  );
}
