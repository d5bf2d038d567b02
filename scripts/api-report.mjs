// Compares the public declarations in dist with the reports in docs/api-report, so that a review sees each public change.
//
//   node scripts/api-report.mjs            fails when a report is stale
//   node scripts/api-report.mjs --update   writes the reports anew
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { ENTRIES } from './entries.mjs'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const UPDATE = process.argv.includes('--update')

function configFor({ name, declarations, isForBrowsers }) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: `<projectFolder>/${declarations}`,
      compiler: { tsconfigFilePath: `<projectFolder>/${isForBrowsers ? 'src/client/' : ''}tsconfig.json` },
      apiReport: {
        enabled: true,
        reportFileName: `${name.replace('/', '-')}.api.md`,
        reportFolder: '<projectFolder>/docs/api-report',
        reportTempFolder: '<projectFolder>/.cache/api-report',
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
          'ae-undocumented': { logLevel: ExtractorLogLevel.None },
          'ae-unresolved-link': { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.None },
        },
        // TypeDoc checks the comments, their links and what is exported, over all entries at once.
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${ROOT}package.json`,
  })
}

mkdirSync(`${ROOT}docs/api-report`, { recursive: true })
const results = ENTRIES.map((entry) =>
  Extractor.invoke(configFor(entry), { localBuild: UPDATE, showVerboseMessages: false }),
)
const stale = results.some((result) => result.apiReportChanged && !UPDATE)
if (stale) console.error("The public API changed: run 'npm run api-report' and commit docs/api-report with the change.")
process.exitCode = results.every((result) => result.succeeded) && !stale ? 0 : 1
