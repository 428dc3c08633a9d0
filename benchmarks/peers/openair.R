# openair on the same table: Rscript openair.R hours.csv, or with "values" the reference values of
# its own example data (see analysis.py). The library of R packages is OPENAIR_LIB, where that is set.

lib <- Sys.getenv("OPENAIR_LIB")
if (nzchar(lib)) .libPaths(c(lib, .libPaths()))
suppressPackageStartupMessages(library(openair))
pdf(NULL)
arguments <- commandArgs(trailingOnly = TRUE)
quietly <- function(work) suppressWarnings(suppressMessages(work))

if (arguments[1] == "values") {
  folder <- arguments[2]
  options(digits = 15)
  put <- function(x, name) {
    write.csv(as.data.frame(x), file.path(folder, paste0(name, ".csv")), row.names = FALSE)
  }
  data <- mydata
  # Whole months only, so that the file's last month is the calendar's.
  data <- data[format(data$date, "%Y-%m") != "2005-06", ]
  shown <- data
  shown$date <- format(shown$date, "%Y-%m-%d %H:%M:%S", tz = "GMT")
  put(shown, "mydata")
  for (to in c("day", "month")) {
    put(quietly(timeAverage(data, to, data.thresh = 75)), paste0("mean_", to))
    for (p in c(50, 90, 95, 98)) {
      put(quietly(timeAverage(data, to, statistic = "percentile", percentile = p,
                              data.thresh = 75)), paste0("p", p, "_", to))
    }
    for (s in c("max", "min", "sum", "median")) {
      put(quietly(timeAverage(data, to, statistic = s, data.thresh = 75)), paste0(s, "_", to))
    }
  }
  for (align in c("right", "left", "centre")) for (width in c(8, 24)) {
    rolled <- rollingMean(data, "o3", width = width, data.thresh = 75, align = align)
    put(data.frame(value = rolled[[paste0("rolling", width, "o3")]]),
        paste0("rolling_", width, "_", align))
  }
  for (item in c("nox", "no2", "o3", "pm10", "so2", "co", "pm25")) {
    for (season in c(FALSE, TRUE)) for (auto in c(FALSE, TRUE)) {
      found <- quietly(TheilSen(data, pollutant = item, deseason = season, autocor = auto,
                                data.thresh = 75, plot = FALSE, silent = TRUE))
      put(found$data$res2, paste("trend", item, season, auto, sep = "_"))
      put(found$data$main.data[, c("date", "conc")], paste("series", item, season, sep = "_"))
    }
  }
  # Without a threshold no month is missing, so that nothing has to be filled for STL.
  for (item in c("nox", "no2", "o3", "pm10", "co")) for (n in c(89, 88)) {
    short <- if (n == 89) data else data[data$date < as.POSIXct("2005-05-01", tz = "GMT"), ]
    found <- quietly(TheilSen(short, pollutant = item, deseason = TRUE, plot = FALSE,
                              silent = TRUE))
    put(found$data$res2, paste("whole", item, n, sep = "_"))
  }
  years <- data[format(data$date, "%Y") != "2005", ]
  put(quietly(aqStats(years, pollutant = c("o3", "no2", "pm10"), data.thresh = 75,
                      percentile = c(50, 95, 98))), "annual")
  found <- quietly(TheilSen(years, pollutant = "nox", avg.time = "year", plot = FALSE,
                            silent = TRUE))
  put(found$data$res2, "trend_years")
  rose <- windRose(data, angle = 22.5, plot = FALSE)$data
  put(rose, "rose")
  quit()
}

hours <- read.csv(arguments[1])
hours$date <- as.POSIXct(hours$time, tz = "GMT", format = "%Y-%m-%dT%H:%M:%OS")
hours$time <- NULL
best <- function(work, times = 3) {
  min(sapply(seq_len(times), function(i) system.time(quietly(work()))[["elapsed"]]))
}
items <- c("so2", "no2", "co", "o3", "pm10", "pm25")
months <- quietly(timeAverage(hours[, c("date", "pm25")], "month"))[1:90, ]
found <- list(
  "average day" = best(function() timeAverage(hours, "day", data.thresh = 75)),
  "average month" = best(function() timeAverage(hours, "month", data.thresh = 75)),
  "average year" = best(function() timeAverage(hours, "year", data.thresh = 75)),
  "rolling" = best(function() rollingMean(hours, "o3", width = 8, align = "right")),
  "annual" = best(function() aqStats(hours, pollutant = items), 1),
  "annual of one" = best(function() aqStats(hours, pollutant = "o3"), 1),
  "theil_sen" = best(function() {
    TheilSen(months, pollutant = "pm25", autocor = TRUE, plot = FALSE, silent = TRUE)
  }),
  "theil_sen hours" = best(function() {
    TheilSen(hours, pollutant = "pm25", deseason = TRUE, plot = FALSE, silent = TRUE)
  })
)
cat("{", paste0('"', names(found), '": ', unlist(found), collapse = ", "),
    ', "version": "', as.character(packageVersion("openair")), '"}\n', sep = "")
