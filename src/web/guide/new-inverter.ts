import { z } from 'zod';
import { requiredText } from '../input.ts';
import { GUIDE_KINDS } from './kinds.ts';

/** The form that registers an inverter; whether the serial can be one is the service's to say. */
export const NewInverterForm = z.object({ kind: z.enum(GUIDE_KINDS), name: requiredText, serial: requiredText });
