variable "table_name" {
  description = "Name of the DynamoDB table"
  type        = string
  default     = "ecommerce-users"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table_name))
    error_message = "table_name has 3 to 255 letters, digits, dots, dashes and underscores."
  }
}

variable "billing_mode" {
  description = "Billing mode (PROVISIONED or PAY_PER_REQUEST)"
  type        = string
  default     = "PAY_PER_REQUEST"

  validation {
    condition     = contains(["PROVISIONED", "PAY_PER_REQUEST"], var.billing_mode)
    error_message = "billing_mode is PROVISIONED or PAY_PER_REQUEST."
  }
}

variable "read_capacity" {
  description = "Read capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.read_capacity >= 1
    error_message = "read_capacity is 1 unit at the least."
  }
}

variable "write_capacity" {
  description = "Write capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.write_capacity >= 1
    error_message = "write_capacity is 1 unit at the least."
  }
}

variable "gsi_read_capacity" {
  description = "GSI read capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.gsi_read_capacity >= 1
    error_message = "gsi_read_capacity is 1 unit at the least."
  }
}

variable "gsi_write_capacity" {
  description = "GSI write capacity units (PROVISIONED only)"
  type        = number
  default     = 5

  validation {
    condition     = var.gsi_write_capacity >= 1
    error_message = "gsi_write_capacity is 1 unit at the least."
  }
}

variable "enable_point_in_time_recovery" {
  description = "Enable point-in-time recovery"
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "ARN of KMS key for encryption"
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key: arn:aws:kms:…"
  }
}

variable "enable_streams" {
  description = "Enable DynamoDB streams"
  type        = bool
  default     = false
}

variable "alarm_actions" {
  description = "List of ARNs to notify when alarms trigger"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alarm_actions : startswith(each, "arn:")])
    error_message = "alarm_actions are ARNs, such as those of SNS topics."
  }
}

variable "tags" {
  description = "Tags to apply to all resources"
  type        = map(string)
  default     = {}
}
