/** Where all inverters together are shown in any period. */
export const SUMMARY_PATH = '/dashboard/summary';
