import { z } from 'zod';
import { dayBounds } from '../../../domain/period.ts';
import { ListQuery } from '../../admin/list-query.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { type AuditData, AuditPage, GROUPS } from './page.tsx';

const day = z.union([z.literal(''), z.iso.date()]).default('');

/** What was done, by whom, when, and from where. */
export const adminAudit = definePage<'admin', Record<string, never>, AuditData['query'], AuditData>({
  name: 'admin-audit',
  path: ADMIN_PATHS.audit,
  access: 'admin',
  query: ListQuery.pick({ from: true }).extend({
    who: z.string().trim().max(320).default(''),
    act: z.enum(['', ...GROUPS]).default(''),
    since: day,
    until: day,
  }),
  async load({ services, user, query, config }) {
    const { who, act, since, until, from } = query;
    const found = await services.admin.audit(user, {
      who,
      act,
      since: since === '' ? null : dayBounds(since, config.timeZone).from,
      until: until === '' ? null : dayBounds(until, config.timeZone).to,
      from,
    });
    return { ...found, query };
  },
  view: (data, frame) => ({ title: frame.language.t.admin.nav.audit, body: AuditPage(data, frame) }),
});
