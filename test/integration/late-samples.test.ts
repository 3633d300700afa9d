import { describe } from 'vitest';
import { lateSampleCases } from '../support/late-samples.ts';
import { createTestDatabase } from '../support/test-database.ts';

describe('samples that come late', () => lateSampleCases(createTestDatabase, { thorough: true }));
