/** Where a page listens; `topic` is the page's name, with its id behind it. */
export const LIVE_PATH = '/live/page';
