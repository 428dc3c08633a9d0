@echo off
rem @COMMAND@.bat [folder]   No internet, no administrator, no PowerShell.
rem set PYTHON=C:\path\to\python.exe chooses the Python. ASCII only: cmd reads it by any code page.
setlocal EnableExtensions DisableDelayedExpansion
for /f "tokens=2 delims=:" %%c in ('chcp') do set "PAGE=%%c"
chcp 65001 >nul
set "FOUND="
if defined PYTHON call :try "%PYTHON%"
if not defined FOUND call :try py -@PYTHON@
if not defined FOUND call :try python
if not defined FOUND call :try python3
if not defined FOUND goto none
call %FOUND% -X utf8 "%~dp0offline.py" @COMMAND@ %*
set "CODE=%ERRORLEVEL%"
goto end

:none
type "%~dp0python-needed.txt"
set "CODE=1"

:end
if "%~1"=="" pause
chcp %PAGE% >nul
exit /b %CODE%

:try
rem call: a python.bat, as pyenv makes it, would not come back otherwise
call %* -c "import sys, sysconfig; sys.exit([*sys.version_info[:2], sysconfig.get_platform()] != [@PYTHON_LIST@, 'win-amd64'])" >nul 2>nul && set FOUND=%*
goto :eof
