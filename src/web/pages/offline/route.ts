import { definePage } from '../../define-page.ts';
import { OfflinePage } from './page.tsx';

type None = Record<string, never>;

/** What the browser keeps of this site and shows when the server cannot be reached. Made for nobody in particular. */
export const offline = definePage<'public', None, None, None>({
  name: 'offline',
  path: '/offline',
  access: 'public',
  load: async () => ({}),
  view: (_, frame) => ({ title: frame.language.t.offline.title, body: OfflinePage(frame) }),
});
