/**
 * The service worker: keeps the offline page with what it loads, and shows it when the server cannot be reached. It keeps no other page,
 * for a page is somebody's. Put in by the build: the addresses to keep, whose hashes make each build's store another.
 */
declare const KEPT: readonly string[];
declare const VERSION: string;

/** What this needs of the worker's world: the compiler knows either a window or a worker, not both. */
interface WorkerScope {
  addEventListener(
    type: 'install' | 'activate',
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
  skipWaiting(): Promise<void>;
}

const scope = globalThis as unknown as WorkerScope;
const OFFLINE = '/offline';
const STORE = `deye-hard-${VERSION}`;

scope.addEventListener('install', (event) => event.waitUntil(keepAll()));
scope.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = new URL(request.url).origin === location.origin;
  if (request.method !== 'GET' || !isOurs) return;
  if (request.mode === 'navigate') event.respondWith(fetch(request).catch(offlinePage));
  else if (KEPT.includes(new URL(request.url).pathname)) event.respondWith(keptOr(request));
});

async function keepAll(): Promise<void> {
  const store = await caches.open(STORE);
  await store.addAll([...KEPT]);
  // Without cookies: as nobody sees it.
  const page = await fetch(OFFLINE, { credentials: 'omit' });
  if (!page.ok) throw new Error(`the offline page is not there: ${page.status}`);
  await store.put(OFFLINE, page);
  await scope.skipWaiting();
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== STORE).map((name) => caches.delete(name)));
}

async function offlinePage(): Promise<Response> {
  return (await caches.match(OFFLINE)) ?? Response.error();
}

async function keptOr(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}
