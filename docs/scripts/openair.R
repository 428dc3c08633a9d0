# Daily PM2.5 and running ozone of openair, for openair.py: Rscript openair.R FOLDER

suppressPackageStartupMessages(library(openair))
folder <- commandArgs(trailingOnly = TRUE)[1]
quietly <- function(work) suppressWarnings(suppressMessages(work))
put <- function(x, name) write.csv(as.data.frame(x), file.path(folder, name), row.names = FALSE)

hours <- read.csv(file.path(folder, "hours.csv"))
hours$date <- as.POSIXct(hours$time, tz = "GMT", format = "%Y-%m-%dT%H:%M:%OS")
starts <- hours # the stamps give the end of the hour; openair's days want the start
starts$date <- starts$date - 3600

as_it_comes <- timeAverage(hours[, c("date", "site", "pm25")], "day", type = "site",
                           progress = FALSE)
put(quietly(as_it_comes), "default.csv")
as_told <- timeAverage(starts[, c("date", "site", "pm25")], "day", type = "site",
                       data.thresh = 83, progress = FALSE)
put(quietly(as_told), "set.csv")

running <- lapply(unique(starts$site), function(site) {
  one <- starts[starts$site == site, c("date", "o3")]
  one <- quietly(rollingMean(one, "o3", width = 8, align = "right", data.thresh = 75))
  data.frame(date = format(one$date, "%Y-%m-%dT%H:%M:%S"), site = site, value = one$rolling8o3)
})
put(do.call(rbind, running), "running.csv")
cat(as.character(packageVersion("openair")))
