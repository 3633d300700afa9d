import { type ComponentChildren, Fragment, type JSX } from 'preact';
import { localDate } from '../../../domain/period.ts';
import { isCurrent } from '../../../domain/state.ts';
import type { InverterSummary } from '../../../services/services.ts';
import type { Curve } from '../../charts/curve.ts';
import { Age, freshness, OldMark } from '../../components/age.tsx';
import { BarChart } from '../../components/bar-chart.tsx';
import { CurveChart } from '../../components/curve-chart.tsx';
import { Figure, Name, Unknown } from '../../components/figure.tsx';
import { Icon, type IconName } from '../../components/icon.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { SUMMARY_PATH } from '../../paths.ts';
import { periodQuery } from '../../period-query.ts';
import { useView } from '../../view.ts';
import type { OverviewData } from './data.ts';
import { type Figures, figuresOf, type Verdict } from './figures.ts';

/** What changes while the overview is open. */
export function overviewFragments(data: OverviewData): Record<string, ComponentChildren> {
  if (data.curve === null) return {};
  const figures = figuresOf(data.inverters);
  return {
    verdict: <Judgement figures={figures} />,
    now: <Now figures={figures} inverters={data.inverters} timeZone={data.timeZone} />,
    today: <Today figures={figures} data={data} />,
    curve: <DayCurve data={data} curve={data.curve} />,
    ...(data.month === null ? {} : { month: <Month month={data.month} timeZone={data.timeZone} /> }),
    inverters: <Cards inverters={data.inverters} />,
  };
}

const VERDICTS: Readonly<Record<Verdict['kind'], { icon: IconName; tone: string }>> = {
  offline: { icon: 'alert', tone: 'chip-problem' },
  stale: { icon: 'clock', tone: '' },
  unseen: { icon: 'hourglass', tone: '' },
  waiting: { icon: 'hourglass', tone: 'chip-quiet' },
  well: { icon: 'checkCircle', tone: 'chip-good' },
  idle: { icon: 'checkCircle', tone: 'chip-good' },
  asleep: { icon: 'moon', tone: 'chip-quiet' },
};

/** More names than that are a list, which is a page of its own. */
const NAMED = 3;

/** Is it all right; and where it goes on for those of which nobody knows yet. */
function Judgement({ figures: { verdict, unseen } }: { figures: Figures }): JSX.Element {
  const { t } = useView();
  return (
    <div class="flex flex-col items-start gap-2 sm:items-end">
      <VerdictChip verdict={verdict} />
      {unseen.length === 0 ? null : (
        <p class="text-sm sm:text-right">
          {t.overview.setUp}:{' '}
          {unseen.slice(0, NAMED).map(({ id, name }, i) => (
            <Fragment key={id}>
              {i === 0 ? '' : ', '}
              <a href={setUpPath(id)} class="link">
                <Name>{name}</Name>
              </a>
            </Fragment>
          ))}
          {unseen.length <= NAMED ? null : (
            <>
              {', '}
              <a href="/inverters" class="link">
                {t.chart.others(unseen.length - NAMED)}
              </a>
            </>
          )}
        </p>
      )}
    </div>
  );
}

const setUpPath = (id: InverterSummary['id']): string => `/inverters/${id}/setup`;

function VerdictChip({ verdict }: { verdict: Verdict }): JSX.Element {
  const { t } = useView();
  const { icon, tone } = VERDICTS[verdict.kind];
  const words = {
    offline: t.overview.offline,
    stale: t.overview.stale,
    unseen: t.overview.unseen,
    waiting: t.overview.waiting,
    well: () => t.overview.allWell,
    idle: () => t.overview.allIdle,
    asleep: () => t.overview.allAsleep,
  }[verdict.kind];
  return (
    <span class={`chip ${tone}`}>
      <Icon name={icon} />
      {words('count' in verdict ? verdict.count : 0)}
    </span>
  );
}

function Now({
  figures,
  inverters,
  timeZone,
}: {
  figures: Figures;
  inverters: readonly InverterSummary[];
  timeZone: string;
}): JSX.Element {
  const { t, fmt } = useView();
  const { nowW, nowAt, last, missing } = figures;
  return (
    <div data-last-seen="now" {...freshness(nowW === null, figures.staleAfterS)}>
      <p>
        {figures.allAsleep ? (
          <span class="figure figure-hero">
            <Icon name="moon" class="size-[0.8em]" />
            <span class="sr-only">{t.app.unknown}</span>
          </span>
        ) : (
          <Figure of={nowW === null ? null : fmt.powerParts(nowW)} size="hero" />
        )}
      </p>
      <p class="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 text-muted">
        {nowAt !== null ? <Age at={nowAt} timeZone={timeZone} /> : null}
        {nowW !== null ? <OldMark /> : null}
        {nowW === null ? <span>{figures.allAsleep ? t.overview.asleepNow : t.overview.noneNow}</span> : null}
        {nowW === null && last !== null ? (
          <span>
            {t.overview.last} {last.powerW === null ? null : `${fmt.power(last.powerW)}, `}
            <Age at={last.at} timeZone={timeZone} />
          </span>
        ) : null}
      </p>
      {nowW !== null && missing > 0 ? (
        <p class="mt-2 flex items-start gap-2 text-sm">
          <Icon name="alert" class="mt-0.5 size-4" />
          {t.overview.notCounted(missing, inverters.length)}
        </p>
      ) : null}
    </div>
  );
}

function Today({
  figures: { todayWh, todayMissing },
  data: { disbelieved, timeZone },
}: {
  figures: Figures;
  data: OverviewData;
}): JSX.Element {
  const { t, fmt, now } = useView();
  return (
    <div data-last-seen="today">
      <p>
        <Figure of={todayWh === null ? null : fmt.energyParts(todayWh)} size="large" />
      </p>
      <p class="mt-3 text-muted">
        {fmt.day(now, timeZone)}
        {todayWh === null ? <span class="block">{t.overview.todayUnknown}</span> : null}
        {todayWh !== null && todayMissing > 0 ? (
          <span class="block">{t.overview.todayPartly(todayMissing)}</span>
        ) : null}
        {disbelieved === 0 ? null : <span class="block text-sm">{t.chart.disbelievedIn(disbelieved)}</span>}
      </p>
    </div>
  );
}

function DayCurve({ data, curve }: { data: OverviewData; curve: Curve }): JSX.Element {
  const { t, fmt } = useView();
  return (
    <CurveChart
      id="day"
      label={t.overview.dayCurve}
      curve={curve}
      timeZone={data.timeZone}
      isCurrent={data.inverters.some(({ state }) => isCurrent(state))}
      format={(watts) => fmt.power(watts)}
      unit="W"
      isLong={false}
    />
  );
}

function Month({
  month: { bars, totalWh },
  timeZone,
}: {
  month: NonNullable<OverviewData['month']>;
  timeZone: string;
}): JSX.Element {
  const { t, fmt } = useView();
  return (
    <>
      <p class="mb-5 text-muted">{totalWh === null ? null : t.chart.total(fmt.energy(totalWh))}</p>
      <BarChart
        id="month"
        label={t.overview.month}
        bars={bars}
        timeZone={timeZone}
        href={({ from }) =>
          `${SUMMARY_PATH}?${periodQuery({ kind: 'day', date: localDate(from, timeZone), until: null, compare: false })}`
        }
        size="low"
      />
    </>
  );
}

function Cards({ inverters }: { inverters: readonly InverterSummary[] }): JSX.Element {
  return (
    <ul class="grid grid-cols-[repeat(auto-fit,minmax(min(100%,19rem),1fr))] gap-3 md:gap-4">
      {inverters.map((inverter) => (
        <li key={inverter.id}>
          <Card inverter={inverter} />
        </li>
      ))}
    </ul>
  );
}

function Card({ inverter }: { inverter: InverterSummary }): JSX.Element {
  const { t, fmt } = useView();
  const { id, name, state, powerW, sampledAt, staleAfterS, energyTodayWh, timeZone } = inverter;
  const isOld = !isCurrent(state);
  const neverSeen = state === 'never_seen' || state === 'waiting';
  return (
    <a
      id={`inverter-${id}`}
      href={neverSeen ? setUpPath(id) : `/dashboard/${id}`}
      class="panel panel-link flex h-full flex-col gap-4"
    >
      <span class="flex items-start justify-between gap-3">
        <span class="min-w-0 font-semibold text-lg leading-snug">
          <Name>{name}</Name>
        </span>
        <StateChip state={state} />
      </span>
      {neverSeen ? (
        <span class="mt-auto text-muted">
          {t.stateHint[state]} <span class="text-base-content underline">{t.overview.setUp}</span>
        </span>
      ) : (
        <span class="mt-auto flex items-end justify-between gap-4" {...freshness(isOld, staleAfterS)}>
          <span class="min-w-0">
            <span class="block">
              <Figure of={powerW === null ? null : fmt.powerParts(powerW)} />
            </span>
            <span class="mt-1.5 flex flex-wrap items-center gap-2 text-muted text-sm">
              {sampledAt === null ? null : <Age at={sampledAt} timeZone={timeZone} />}
              {/* Asleep says it already. */}
              {state === 'asleep' ? null : <OldMark />}
            </span>
          </span>
          <span class="text-right">
            <span class="eyebrow block">{t.overview.today}</span>
            <span class="whitespace-nowrap font-semibold tabular-nums">
              {energyTodayWh === null ? <Unknown /> : fmt.energy(energyTodayWh)}
            </span>
          </span>
        </span>
      )}
    </a>
  );
}
