/** The password of everybody in memory. */
export const PASSWORD = 'correct horse 1';
